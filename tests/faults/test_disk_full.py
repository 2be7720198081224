import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic

import pytest

from tests.daemon import Daemon, daemon, target, until
from tests.prerequisites import require
from tests.tally import Tally
from tests.unit.spool.entries import DELIVERED, put

DISK_BYTES = 24 * 2**20
RECOVERS_S = 1.0 + 3.0  # with what a process takes to start where others work, too


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk for the spool."""
    require("tmpfs")
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(place)]
    subprocess.run(mount, check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(disk: Path, *, leave_bytes: int = 0) -> Path:
    """Use all space but a little, with a file that belongs to somebody else."""
    ballast = disk / "ballast"
    descriptor = os.open(ballast, os.O_WRONLY | os.O_CREAT)
    with suppress(OSError):
        while True:
            os.write(descriptor, bytes(4096))
    os.ftruncate(descriptor, os.fstat(descriptor).st_size - leave_bytes)
    os.close(descriptor)
    return ballast


def drawn(cam: Daemon) -> bool:
    return bool([*cam.spool.glob("reports/*/report/manifest.json")])


def on(disk: Path) -> dict[str, object]:
    return {"spool": {"path": str(disk / "spool")}}


@pytest.mark.fault("S3")
def test_a_full_disk_refuses_captures_until_space_returns(tmp_path: Path, stuck: int, disk: Path) -> None:
    with daemon(tmp_path, target("one", stuck), **on(disk)) as cam:
        ballast = fill(disk)
        cam.beat("start", "one", 1)
        until(lambda: cam.metric("loopcam_refusals_total", reason="spool_full"), "refused")
        assert cam.target("one")["limits"]["would_refuse"] == "spool_full"
        assert cam.get("/healthz") == {"ok": True}
        status, answer = cam.ask("GET", "/readyz")
        assert status == 503
        assert f"the disk of {cam.spool} is full" in answer["problems"][0]["problem"]
        ballast.unlink()
        assert cam.ask("GET", "/readyz")[0] == 200
        assert cam.target("one")["limits"]["would_refuse"] is None  # the refusal cost no cooldown
        cam.beat("end", "one", 1)
        cam.beat("start", "one", 2)
        cam.stored(1)


@pytest.mark.fault("S3")
def test_a_disk_that_fills_up_in_a_capture_costs_no_evidence(
    tmp_path: Path, stuck: int, disk: Path, tally: Tally
) -> None:
    with daemon(tmp_path, target("one", stuck, collection_time="1s"), **on(disk)) as cam:
        cam.beat("start", "one")
        until(lambda: list(cam.spool.glob("incoming/*/journal.jsonl")), "evidence")
        ballast = fill(disk)
        until(lambda: cam.said("report not durable yet"), "it cannot be kept yet")
        assert cam.get("/healthz") == {"ok": True}
        ballast.unlink()
        space_s = monotonic()
        until(lambda: cam.said("report accepted"), "it is kept", RECOVERS_S)
        tally.took(monotonic() - space_s)
        tally.tries += 1
        manifest = cam.report()
        assert [one for one in manifest.artifacts if one.kind == "dump"]


@pytest.mark.fault("S3")
def test_a_report_that_cannot_be_drawn_for_want_of_space_is_drawn_later(
    tmp_path: Path, stuck: int, disk: Path, tally: Tally
) -> None:
    cam = Daemon(tmp_path, [target("one", stuck)], **on(disk))
    put(disk / "spool", 1, drawn=False)
    for folder in ("state", "incoming", "damaged"):
        (disk / "spool" / folder).mkdir()
    (disk / "spool" / "lock").write_text("")
    ballast = fill(disk, leave_bytes=40_960)
    try:
        cam.start()
        until(lambda: cam.said("report not drawn yet"), "tried in vain")
        ballast.unlink()
        space_s = monotonic()
        until(lambda: [*cam.spool.glob("reports/*/report/.rendering-*")] or drawn(cam), "drawn", RECOVERS_S)
        tally.took(monotonic() - space_s)
        tally.tries += 1
        assert cam.report().rendering.rendered  # a full disk is no fault of the evidence
    finally:
        cam.close()


@pytest.mark.fault("S3")
def test_delivery_and_deletion_go_on_while_the_disk_is_full(tmp_path: Path, stuck: int, disk: Path) -> None:
    spool = disk / "spool"
    put(spool, 1)
    put(spool, 2, sinks={"file": DELIVERED})
    for folder in ("state", "incoming", "damaged"):
        (spool / folder).mkdir()
    (spool / "lock").write_text("")
    fill(disk)
    with daemon(tmp_path, target("one", stuck), **on(disk)) as cam:
        cam.stored(1)
        assert cam.get("/healthz") == {"ok": True}
        until(lambda: not list((spool / "reports").iterdir()), "delivered reports made room")
