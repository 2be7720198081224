"""Real processes that are stuck for a known cause, and what the report says."""

from pathlib import Path

import pytest

from model.verdict import Cause, Confidence
from tests.live.test_capture_command import capture, only_report
from tests.reports import assert_valid_report
from tests.targets import Targets


@pytest.mark.parametrize(
    ("way", "cause", "said"),
    [
        ("held_lock", Cause.LOCK_WAIT, "refresher holds it, inside `with NODES`"),
        ("crossed_locks", Cause.DEADLOCK, "evictor holds PODS and wants NODES"),
        ("silent_socket", Cause.NETWORK_WAIT, "in silent_socket"),
        ("command", Cause.CHILD_PROCESS, "called by command"),
        ("full_pipe", Cause.LOG_PIPE, "in full_pipe"),
    ],
)
def test_a_stuck_process_is_told_why(
    targets: Targets, tmp_path: Path, way: str, cause: Cause, said: str
) -> None:
    target = targets.start("stuck.py", way)
    done = capture("--pid", target.pid, "--for", "2s", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    report = only_report(tmp_path / "out")
    verdict = assert_valid_report(report).verdict
    assert verdict is not None
    assert verdict.cause is cause, verdict.sentence
    assert said in verdict.sentence
    assert verdict.confidence is not Confidence.LOW
    assert verdict.sentence in (report / "stacks.txt").read_text()


def test_a_process_that_sleeps_while_no_iteration_is_known_looks_idle(
    targets: Targets, tmp_path: Path
) -> None:
    target = targets.start("stuck.py", "long_sleep")
    done = capture("--pid", target.pid, "--for", "2s", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    verdict = assert_valid_report(only_report(tmp_path / "out")).verdict
    assert verdict is not None
    assert verdict.cause is Cause.UNKNOWN
    assert "looks idle: MainThread sleeps in long_sleep" in verdict.sentence
