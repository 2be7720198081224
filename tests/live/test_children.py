"""Children, as setpriv starts them and as we do where there is none: bounded, and gone when we are."""

import os
import shutil
import signal
import struct
import sys
from pathlib import Path

import pytest

from daemon import children
from tests.prerequisites import require
from tests.targets import PROGRAMS, Program, Targets, state, wait_until

SLEEP = "/bin/sleep"
ways = pytest.mark.parametrize("setpriv", ["/usr/bin/setpriv", "/not/there"])


def _started(targets: Targets, setpriv: str, program: str = SLEEP, *more: str) -> tuple[Program, int]:
    """A process that has a child, and the child, which runs its program."""
    if Path(setpriv).name == "setpriv" and Path(setpriv).exists():
        require("setpriv")
    argv = sys.executable, str(PROGRAMS / "parent.py"), setpriv, program, *more
    parent = targets.run(*argv, env={"PYTHONPATH": str(PROGRAMS.parent.parent)})
    child = int(parent.hear())
    wait_until(lambda: _file(child, "comm").strip() == Path(program).name, "the program runs")
    return parent, child


def _file(pid: int, name: str) -> str:
    return Path(f"/proc/{pid}/{name}").read_text()


def _ignores(pid: int, number: int) -> bool:
    line = next(line for line in _file(pid, "status").splitlines() if line.startswith("SigIgn:"))
    return bool(int(line.split()[1], 16) >> (number - 1) & 1)


@ways
def test_it_ends_when_we_do(targets: Targets, setpriv: str) -> None:
    parent, child = _started(targets, setpriv)
    os.kill(parent.pid, signal.SIGKILL)
    wait_until(lambda: state(child) in "XZ", "the child is gone")


@ways
def test_it_is_bounded_in_a_group_of_its_own_and_knows_nothing_of_us(targets: Targets, setpriv: str) -> None:
    _, child = _started(targets, setpriv)
    limits = {line[:26].strip(): line[26:].split() for line in _file(child, "limits").splitlines()}
    assert limits["Max file size"][:2] == ["4096", "4096"]
    assert limits["Max core file size"][:2] == ["0", "0"]
    assert os.getpgid(child) == child
    assert _file(child, "environ") == ""
    assert "Umask:\t0077\n" in _file(child, "status")


@ways
def test_who_ignores_sigint_has_a_child_that_does_not(targets: Targets, setpriv: str) -> None:
    parent, child = _started(targets, setpriv, SLEEP, "ignoring")
    assert _ignores(parent.pid, signal.SIGINT)
    assert not _ignores(child, signal.SIGINT)


@ways
def test_a_program_that_brings_capabilities_is_executed_by_ourselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setpriv: str
) -> None:
    """So that what the kernel says to it is heard."""
    require("root")
    own = tmp_path / "sleep"
    shutil.copy(SLEEP, own)
    os.setxattr(own, "security.capability", struct.pack("<5I", 0x02000001, 1 << 19, 0, 0, 0))
    monkeypatch.setattr(children, "SETPRIV", Path(setpriv))
    command, prepare = children.prepared((str(own), "600"), signal.SIGINT, {})
    assert command[0] == str(own)
    assert prepare is not None


@ways
def test_what_may_not_be_executed_is_told_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setpriv: str
) -> None:
    monkeypatch.setattr(children, "SETPRIV", Path(setpriv))
    none = tmp_path / "none"
    none.write_text("no program")
    null = os.open(os.devnull, os.O_RDWR)
    try:
        with pytest.raises(PermissionError):
            children.start((str(none),), environment={}, stdout=null, stderr=null, limits={}, keep=())
    finally:
        os.close(null)


@pytest.mark.parametrize("says", ["setpriv: unrecognized option '--pdeathsig'", "Usage: setpriv [OPTIONS]"])
def test_a_setpriv_that_cannot_ask_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str
) -> None:
    """busybox's, and those of util-linux before 2.33, by whatever name."""
    old = tmp_path / "setpriv"
    old.write_text(f'#!/bin/sh\necho "{says}" >&2\nexit 1\n')
    old.chmod(0o755)
    monkeypatch.setattr(children, "SETPRIV", old)
    command, prepare = children.prepared((SLEEP, "600"), signal.SIGINT, {})
    assert command[0] == SLEEP
    assert prepare is not None
