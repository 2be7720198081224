"""What becomes of profiler, target and evidence when the daemon is killed while it records."""

import sys
import time
from pathlib import Path

import pytest

from daemon.spool.adopt import adopt
from daemon.spool.spool import Spool
from model.capture import Outcome, WindowEnd
from tests.live.captures import assert_private, checked
from tests.targets import PROGRAMS, Program, Targets, state, wait_until

GONE_S = 1.0


@pytest.fixture
def target(targets: Targets) -> Program:
    return targets.start("stalled.py")


def record(targets: Targets, target: Program, spool: Path) -> tuple[Program, int]:
    """A recording of the target, and the pid of its py-spy."""
    recording = targets.run(sys.executable, str(PROGRAMS / "recording.py"), str(target.pid), str(spool))
    return recording, int(recording.hear())


@pytest.mark.fault("T3")
@pytest.mark.parametrize("attempt", range(10))
def test_py_spy_goes_within_a_second_and_the_target_runs_on(
    targets: Targets, target: Program, tmp_path: Path, attempt: int
) -> None:
    recording, profiler = record(targets, target, tmp_path)
    time.sleep(attempt / 50)  # at many places of a sample's course
    killed_s = time.monotonic()
    recording.kill()
    wait_until(lambda: state(profiler) in "XZ", "py-spy is gone", GONE_S)
    assert target.state() in "RS"
    assert time.monotonic() - killed_s < GONE_S
    spent = target.cpu_ticks()
    wait_until(lambda: target.cpu_ticks() > spent, "the target goes on", GONE_S)


def test_what_was_recorded_becomes_a_partial_report_at_the_next_start(
    targets: Targets, target: Program, tmp_path: Path
) -> None:
    recording, profiler = record(targets, target, tmp_path)
    time.sleep(0.5)  # of samples
    recording.kill()
    spool = Spool(tmp_path, max_bytes=2**30, max_reports=10)
    (entry,) = adopt(spool)
    spool.close()
    assert state(profiler) in "XZ"
    capture = entry.capture()
    assert capture.outcome is Outcome.PARTIAL
    assert capture.window.end is WindowEnd.DAEMON_KILLED
    assert capture.notes == ("adopted",)
    taken = checked(tmp_path / "reports" / capture.id / "report")
    assert len(taken.recording.segments) == 1
    assert taken.recording.dumps
    assert "the_culprit" in taken.functions()
    assert 0.3 < taken.manifest.rendering.sampled_s < 3
    assert_private(tmp_path / "reports" / capture.id)
