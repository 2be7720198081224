"""Processes that py-spy cannot look into: each has its own words."""

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from collectors.contract import Command
from collectors.pyspy import PySpy
from daemon.targets.process import HeldProcess
from model.capture import Outcome
from tests.live.captures import Studio, until
from tests.prerequisites import prefer, require
from tests.targets import PATIENCE_S, Targets

PROMPT_S = 2.0
NOBODY = 65534
SYSTEM_PYTHON = "/usr/bin/python3"


class Dropped(PySpy, frozen=True, kw_only=True):
    """py-spy with fewer rights, as `setpriv` leaves them."""

    options: tuple[str, ...]
    program: str

    def dump(self, pid: int) -> Command:
        """The same through setpriv."""
        command = super().dump(pid)
        argv = ("setpriv", *self.options, self.program, *command.argv[1:])
        return Command(argv=argv, deadline_s=command.deadline_s)


@pytest.fixture
def for_everybody(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A py-spy that other users may run."""
    folder = tmp_path_factory.mktemp("bin")
    copied = shutil.copy(Path(sysconfig.get_path("scripts"), "py-spy"), folder)
    for place in (folder, *list(folder.parents)[:2]):
        place.chmod(0o755)
    return str(copied)


async def test_a_process_that_ended_before_the_first_look_is_gone(targets: Targets, studio: Studio) -> None:
    target = targets.start("idle.py")
    held = HeldProcess(target.pid)
    target.kill()
    taken = await studio.take(held, seconds=10)
    assert taken.capture.outcome is Outcome.TARGET_EXITED
    assert taken.part.detail == "the process is gone"
    assert taken.capture.recording is None
    assert taken.seconds < PROMPT_S


async def test_a_zombie_is_gone(targets: Targets, studio: Studio) -> None:
    target = targets.start("idle.py")
    held = HeldProcess(target.pid)
    target.process.kill()
    await until(lambda: target.state() == "Z", "it is a zombie")
    taken = await studio.take(held, seconds=10)
    assert taken.capture.outcome is Outcome.TARGET_EXITED
    assert taken.seconds < PROMPT_S


@pytest.mark.fault("T9")
async def test_a_kernel_thread_is_not_taken_for_a_process_that_is_gone(studio: Studio) -> None:
    prefer("kernel threads", "a process without an executable")
    taken = await studio.take(2, seconds=10)
    assert taken.capture.outcome is Outcome.UNSUPPORTED
    assert "no executable" in taken.part.detail
    assert taken.part.remedy
    assert taken.seconds < PROMPT_S


@pytest.mark.fault("T9")
async def test_a_process_without_an_executable_is_unsupported(targets: Targets, studio: Studio) -> None:
    target = targets.start("headless.py")
    taken = await studio.take(target.pid, seconds=10)
    assert taken.capture.outcome is Outcome.UNSUPPORTED
    assert "no executable" in taken.part.detail
    assert taken.seconds < PROMPT_S


@pytest.mark.fault("T9")
async def test_a_process_that_is_not_python_is_unsupported_with_a_remedy(
    targets: Targets, studio: Studio
) -> None:
    target = targets.run("/bin/sh", "-c", "echo ready; read line")
    taken = await studio.take(target.pid, seconds=10)
    assert taken.capture.outcome is Outcome.UNSUPPORTED
    assert taken.part.detail == "not a Python process"
    assert "`process`" in taken.part.remedy
    assert taken.seconds < PROMPT_S


@pytest.mark.threat("rungs")
async def test_another_user_without_a_capability_is_not_permitted(
    targets: Targets, studio: Studio, for_everybody: str
) -> None:
    require("setpriv", "root")
    target = targets.start("idle.py")
    options = (f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--no-new-privs")
    taken = await studio.take(target.pid, 10, Dropped(options=options, program=for_everybody))
    assert taken.capture.outcome is Outcome.NOT_PERMITTED
    assert "CAP_SYS_PTRACE" in taken.part.remedy
    assert taken.seconds < PROMPT_S


@pytest.mark.threat("rungs")
async def test_root_without_the_capability_is_not_permitted(
    targets: Targets, studio: Studio, for_everybody: str
) -> None:
    require("setpriv", "CAP_SYS_PTRACE")
    target = targets.start("idle.py")
    sampler = Dropped(options=("--bounding-set=-sys_ptrace",), program=for_everybody)
    taken = await studio.take(target.pid, 10, sampler)
    assert taken.capture.outcome is Outcome.NOT_PERMITTED
    assert "CAP_SYS_PTRACE" in taken.part.remedy
    assert taken.seconds < PROMPT_S


@pytest.mark.threat("rungs")
async def test_the_capability_alone_is_enough_for_another_users_process(
    targets: Targets, studio: Studio, for_everybody: str
) -> None:
    require("setpriv", "CAP_SYS_PTRACE")
    prefer(SYSTEM_PYTHON, "root with the capability")
    target = targets.start("idle.py", python=SYSTEM_PYTHON)  # ours may lie in a home that others cannot read
    grant = [f"--{kind}=-all,+sys_ptrace" for kind in ("inh-caps", "ambient-caps", "bounding-set")]
    options = (f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *grant, "--no-new-privs")
    taken = await studio.take(target.pid, 0.3, Dropped(options=options, program=for_everybody))
    assert taken.capture.outcome is Outcome.COMPLETE
    assert "wait_for_ever" in taken.functions()


def test_without_the_capability_the_command_line_says_what_to_do(targets: Targets, tmp_path: Path) -> None:
    require("setpriv", "CAP_SYS_PTRACE")
    target = targets.start("idle.py")
    command = [sys.executable, "-m", "daemon", "capture", "--pid", str(target.pid), "--for", "10s"]
    done = subprocess.run(
        ["setpriv", "--bounding-set=-sys_ptrace", *command, "--out", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 1
    assert "may not read the process" in done.stderr
    assert "CAP_SYS_PTRACE" in done.stderr
