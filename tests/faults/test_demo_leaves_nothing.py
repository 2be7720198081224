"""The demonstration's stalls that reach beyond their program leave nothing behind, however it ends."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.demo.stalls import STALLS
from tests.daemon import until

REACHING = [
    "cpu_throttled",
    "memory_pressure",
    "cpu_starved",
    "stopped",
    "stopped-frozen",
    "disk-frozen",
    "child_process",
]
GROUPS = Path("/sys/fs/cgroup")
SECONDS = 30.0  # of the stall: longer than any of this


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("stall", REACHING)
def test_a_program_that_ends_in_its_stall_leaves_nothing(
    stall: str, number: signal.Signals, tmp_path: Path
) -> None:
    if missing := STALLS[stall].missing():
        pytest.skip(missing)
    argv = [sys.executable, "-I", "-m", "daemon.demo.autoscaler", str(tmp_path / "log"), "one"]
    argv += [str(tmp_path / "pid"), f"--stall={stall}", f"--seconds={SECONDS}", "--healthy=0"]
    with subprocess.Popen(argv, start_new_session=True) as program:
        try:
            until(lambda: _others(program.pid), "its helper runs")
            program.send_signal(number)
            until(lambda: _ended(program.pid), "it ends")
        finally:
            os.kill(program.pid, signal.SIGCONT)
            program.kill()
    until(lambda: not _others(program.pid), "its helpers end")
    assert not list(GROUPS.glob(f"**/loopcam-demo-{program.pid}*"))
    assert str(tmp_path) not in Path("/proc/mounts").read_text()
    if number == signal.SIGTERM:
        assert not list(tmp_path.glob("autoscaler-*"))


def _others(session: int) -> list[int]:
    return [pid for pid in _members(session) if pid != session]


def _members(session: int) -> Iterator[int]:
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            fields = Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()
        except OSError:  # ended meanwhile
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            yield int(name)


def _ended(pid: int) -> bool:
    return pid not in set(_members(pid))
