"""How real austins end: each with a code of its own, and a meaning."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from collectors.austin import Austin
from collectors.austin_program import Program
from collectors.contract import Exit, Judgement
from daemon.children import SAMPLER_ENVIRONMENT
from model.capture import Outcome
from tests.live.austins import program
from tests.prerequisites import require
from tests.targets import PATIENCE_S, Targets

__all__ = ["program"]
NOBODY = 65534
NO_PROCESS = 2**22 - 3  # above what this machine gives out


class Run:
    """An austin that runs."""

    def __init__(self, argv: Sequence[str]) -> None:
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            argv, stdout=pipe, stderr=subprocess.STDOUT, env=dict(SAMPLER_ENVIRONMENT)
        )
        self.said = b""

    def until_ready(self) -> None:
        """Wait until it samples."""
        assert self.process.stdout is not None
        while not Austin().ready(self.said):
            data = os.read(self.process.stdout.fileno(), 4096)
            assert data, self.said
            self.said += data

    def judged(self) -> Judgement:
        """Wait for its end."""
        rest, _ = self.process.communicate(timeout=PATIENCE_S)
        return Austin().judge(Exit(code=self.process.returncode, output=(self.said + rest).decode()))


def record(pid: int, file: Path, seconds: float = 5.0) -> Run:
    return Run(Austin().record(pid, 50, seconds, file).argv)


def test_it_ends_by_itself_when_nobody_ends_it(targets: Targets, program: Program, tmp_path: Path) -> None:
    target = targets.start("stalled.py")
    judged = record(target.pid, tmp_path / "a.mojo", seconds=-1).judged()  # and the grace
    assert judged.outcome is (Outcome.COMPLETE if program.version >= (4,) else Outcome.TARGET_EXITED)
    assert judged.taken
    assert judged.missed == 0


def test_an_interrupt_ends_it_at_once_with_all_it_saw(
    targets: Targets, program: Program, tmp_path: Path
) -> None:
    target = targets.start("stalled.py")
    run = record(target.pid, tmp_path / "a.mojo")
    run.until_ready()
    time.sleep(0.3)
    run.process.send_signal(signal.SIGINT)
    judged = run.judged()
    assert judged.outcome is Outcome.COMPLETE
    assert b"duration\0" in (tmp_path / "a.mojo").read_bytes()[-200:]  # its last word


@pytest.mark.parametrize("after_s", [0.0, 0.002, 0.005, 0.01, 0.02])
def test_an_interrupt_right_after_the_start_is_no_failure(
    targets: Targets, program: Program, tmp_path: Path, after_s: float
) -> None:
    target = targets.start("stalled.py")
    run = record(target.pid, tmp_path / "a.mojo")
    time.sleep(after_s)
    run.process.send_signal(signal.SIGINT)
    assert run.judged().outcome in (Outcome.ENDED_BEFORE_ATTACH, Outcome.COMPLETE, Outcome.NOTHING)


@pytest.mark.parametrize(
    ("number", "detail"), [(signal.SIGTERM, "ended by SIGTERM"), (signal.SIGKILL, "ended by signal 9")]
)
def test_ends_that_others_gave_it(
    targets: Targets, program: Program, tmp_path: Path, number: signal.Signals, detail: str
) -> None:
    target = targets.start("stalled.py")
    run = record(target.pid, tmp_path / "a.mojo")
    run.until_ready()
    run.process.send_signal(number)
    judged = run.judged()
    assert judged.outcome is Outcome.FAILED
    assert detail in judged.detail


def test_a_target_that_exits(targets: Targets, program: Program, tmp_path: Path) -> None:
    target = targets.start("stalled.py")
    run = record(target.pid, tmp_path / "a.mojo", seconds=60)
    run.until_ready()
    target.tell("exit")
    assert run.judged().outcome is Outcome.TARGET_EXITED


def test_no_such_process(program: Program, tmp_path: Path) -> None:
    assert record(NO_PROCESS, tmp_path / "a.mojo").judged().outcome is Outcome.TARGET_EXITED


def test_no_python(program: Program, tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "600"]) as other:
        try:
            judged = record(other.pid, tmp_path / "a.mojo").judged()
            looked = Run(Austin().trial(other.pid).argv).judged()
        finally:
            other.kill()
    assert judged.outcome is looked.outcome is Outcome.UNSUPPORTED
    assert judged.remedy


def test_no_right(targets: Targets, program: Program, tmp_path_factory: pytest.TempPathFactory) -> None:
    """3.7 cannot tell it from a process without Python; the words name both."""
    require("root", "setpriv")
    if program.version >= (4,):
        pytest.skip("where it stands, others may not run it; its code for this has a unit test")
    folder = tmp_path_factory.mktemp("bin")
    copied = shutil.copy(program.path, folder)
    for place in (folder, *list(folder.parents)[:2]):
        place.chmod(0o755)
    target = targets.start("stalled.py")
    argv = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", copied]
    judged = Run([*argv, *Austin().trial(target.pid).argv[1:]]).judged()
    assert judged.outcome is Outcome.UNSUPPORTED
    assert "may not read it" in judged.detail
    assert "CAP_SYS_PTRACE" in judged.remedy


def test_no_place_for_its_file(targets: Targets, program: Program, tmp_path: Path) -> None:
    target = targets.start("stalled.py")
    judged = record(target.pid, tmp_path / "missing" / "a.mojo").judged()
    assert (judged.outcome, judged.detail) == (Outcome.FAILED, "austin cannot write its file")


def test_an_option_that_it_does_not_know(program: Program) -> None:
    judged = Run([program.path, "--no-such-option"]).judged()
    assert judged.outcome is Outcome.FAILED
    assert "option" in judged.detail


def test_a_stopped_target_is_sampled_and_stays_stopped(
    targets: Targets, program: Program, tmp_path: Path
) -> None:
    target = targets.start("stalled.py")
    os.kill(target.pid, signal.SIGSTOP)
    run = record(target.pid, tmp_path / "a.mojo")
    run.until_ready()
    time.sleep(0.2)
    run.process.send_signal(signal.SIGINT)
    assert run.judged().outcome is Outcome.COMPLETE
    assert target.state() == "T"


def test_a_look_says_that_it_works(targets: Targets, program: Program) -> None:
    target = targets.start("stalled.py", 50, 20)
    assert Run(Austin().trial(target.pid).argv).judged() == Judgement(outcome=Outcome.COMPLETE)
