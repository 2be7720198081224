"""What may stand where the ring is: a killed daemon's rings, and what is none of ours."""

import os
import shutil
import time
from pathlib import Path

import pytest

from tests.daemon import Daemon, daemon, target, until
from tests.faults.test_dashcam import ALWAYS, dashcam, rings, samplers

MANY = 30_000


def test_a_ring_that_somebody_removes_is_made_anew(tmp_path: Path, stuck: int) -> None:
    with daemon(tmp_path, target("one", stuck, **ALWAYS)) as cam:
        until(lambda: samplers(cam), "a sampler runs")
        (old,) = rings(cam)
        shutil.rmtree(cam.spool / "ring")
        until(lambda: rings(cam) and not rings(cam) & {old}, "there is a new one")
        until(lambda: float(str(dashcam(cam)["held_s"])) > 1, "it fills")
        cam.ask("POST", "/v1/collect")
        assert cam.report().capture.recording is not None


@pytest.mark.fault("S11")
def test_foreign_things_among_the_rings_of_a_killed_daemon(tmp_path: Path, stuck: int) -> None:
    """Links lead nowhere, and nothing of ours is removed through them."""
    precious = tmp_path / "precious"
    (precious / "inside").mkdir(parents=True)
    (precious / "inside" / "file").touch()
    cam = Daemon(tmp_path, [target("one", stuck, **ALWAYS)])
    ring = cam.spool / "ring"
    ring.mkdir(parents=True, mode=0o700)
    (ring / "linked").symlink_to(precious)
    (ring / "one").mkdir()
    (ring / "one" / "linked").symlink_to(precious / "inside")
    os.mkfifo(ring / "fifo")
    os.mkfifo(ring / "one" / "fifo")
    (ring / "one" / "file").write_text("?")
    (ring / "one" / "7-7").mkdir()
    os.mkfifo(ring / "one" / "7-7" / "lock")
    (ring / "one" / "8-8").mkdir()
    (ring / "one" / "8-8" / "lock").symlink_to("/dev/zero")
    try:
        cam.start()
        until(lambda: len(rings(cam)) == 1 and samplers(cam), "nothing but the new ring is there")
        assert (precious / "inside" / "file").exists()
    finally:
        cam.close()


def test_many_files_of_a_killed_daemon_hold_up_nothing(tmp_path: Path, stuck: int) -> None:
    cam = Daemon(tmp_path, [target("one", stuck, **ALWAYS)])
    old = cam.spool / "ring" / "one" / "1-1" / "evidence"
    old.mkdir(parents=True, mode=0o700)
    for number in range(MANY):
        (old / f"pyspy-before-{number:06d}.dump.json").touch()
    try:
        cam.start()
        slowest_s = 0.0
        while list(cam.spool.glob("ring.old-*")) or old.exists():
            asked_s = time.monotonic()
            cam.get("/healthz")
            slowest_s = max(slowest_s, time.monotonic() - asked_s)
        assert slowest_s < 0.5
        until(lambda: samplers(cam), "it samples")
    finally:
        cam.close()
