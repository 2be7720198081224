"""A target that is ended within a slow iteration, and one that is too large for the ring."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from model.capture import Outcome
from model.events import TriggerKind
from tests.daemon import daemon, looping, target, until
from tests.faults.test_dashcam import dashcam, samplers
from tests.prerequisites import require

STALLED = Path(__file__).parents[1] / "programs" / "stalled.py"
MOST_BYTES = 2**20


@pytest.mark.fault("T5")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_target_that_is_ended_within_a_slow_iteration(tmp_path: Path, number: signal.Signals) -> None:
    slow = target("one", max_loop_time="8s", dashcam="adaptive")
    with looping() as child, daemon(tmp_path, slow | {"process": {"pid": child.pid}}) as cam:
        until(lambda: cam.target("one")["capture_possible"], "it can be captured")
        cam.beat("start", "one", 1)
        until(lambda: cam.target("one")["in_flight"]["age_s"] > 3, "it is slow")
        until(lambda: float(str(dashcam(cam)["held_s"])) > 0, "it is seen")
        os.kill(child.pid, number)
        capture = cam.report().capture
        assert (capture.trigger.kind, capture.outcome) == (TriggerKind.EXIT, Outcome.TARGET_EXITED)
        assert capture.recording is not None
        until(lambda: not samplers(cam), "no sampler is left", 5)


def test_a_target_that_is_too_large_for_the_ring_does_not_fill_the_disk(tmp_path: Path) -> None:
    """One look at it is larger than the whole ring."""
    require("ptrace")
    options = {"mode": "continuous", "max_bytes": MOST_BYTES}
    with subprocess.Popen(
        [sys.executable, "-I", str(STALLED), "200", "60"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == b"ready\n"
            with daemon(tmp_path, target("one", child.pid, max_loop_time="1h", dashcam=options)) as cam:
                most_bytes, end_s = 0, time.monotonic() + 40
                while time.monotonic() < end_s:
                    files = [file for file in (cam.spool / "ring").rglob("*.*") if file.is_file()]
                    most_bytes = max(most_bytes, sum(map(size_bytes, files)))
                    if cam.metric("loopcam_dashcam_cpu_seconds_total") > 0.5:
                        break
                assert cam.metric("loopcam_dashcam_cpu_seconds_total") > 0  # it was looked at
                assert most_bytes <= MOST_BYTES
        finally:
            child.kill()


def size_bytes(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:  # it fell off just now
        return 0
