"""Control groups of either version, for what they do to a process: freezing, limits of memory and CPU."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
_NUMBERS = count()


class Group:
    """One control group; `files` are its controller's."""

    def __init__(self, folder: Path, *, second: bool) -> None:
        self.folder = folder
        self._second = second

    def take(self, pid: int) -> None:
        """Move a process into it; what it starts from then on is in it too."""
        (self.folder / "cgroup.procs").write_text(str(pid))

    def freeze(self) -> None:
        """Stop all of its processes, and wait until they stand still."""
        self._write("freezer.state", "cgroup.freeze", "FROZEN", "1")
        end_s = time.monotonic() + 20
        while not self._frozen():
            assert time.monotonic() < end_s, "it does not freeze"
            time.sleep(0.01)

    def thaw(self) -> None:
        """Let them go on."""
        self._write("freezer.state", "cgroup.freeze", "THAWED", "0")

    def limit_memory(self, more_bytes: int) -> None:
        """Allow so much more than is used now."""
        used = self.folder / ("memory.current" if self._second else "memory.usage_in_bytes")
        limit = str(int(used.read_text()) + more_bytes)
        self._write("memory.limit_in_bytes", "memory.max", limit, limit)

    def limit_cpu(self, cores: float) -> None:
        """Allow so much of the CPUs, in periods of 0.1 s."""
        quota_us = int(cores * 100_000)
        if not self._second:
            (self.folder / "cpu.cfs_period_us").write_text("100000")
        self._write("cpu.cfs_quota_us", "cpu.max", str(quota_us), f"{quota_us} 100000")

    def limit_processes(self, more: int | None) -> None:
        """Allow so many processes and threads more than there are now; None is any number."""
        now = int((self.folder / "pids.current").read_text())
        (self.folder / "pids.max").write_text("max" if more is None else str(now + more))

    def killed(self) -> int:
        """How many processes ended for lack of memory."""
        file = self.folder / ("memory.events" if self._second else "memory.oom_control")
        lines = (line.split() for line in file.read_text().splitlines())
        return next(int(value) for name, value in lines if name == "oom_kill")

    def _frozen(self) -> bool:
        if self._second:
            return "frozen 1" in (self.folder / "cgroup.events").read_text()
        return (self.folder / "freezer.state").read_text() == "FROZEN\n"

    def _write(self, first: str, second: str, to_first: str, to_second: str) -> None:
        file, text = (second, to_second) if self._second else (first, to_first)
        (self.folder / file).write_text(text)


@contextmanager
def group(controller: str) -> Iterator[Group]:
    """A new group with this controller, `memory`, `freezer`, `pids` or `cpu`; empty it before its end."""
    parent, second = _parent(controller)
    folder = parent / f"loopcam-test-{os.getpid()}-{next(_NUMBERS)}"
    folder.mkdir()
    one = Group(folder, second=second)
    try:
        yield one
    finally:
        if controller == "freezer":
            one.thaw()
        _remove(folder)


def missing(controller: str) -> str:
    """Why there can be none, for `tests.prerequisites`."""
    try:
        with group(controller) as one:
            return "" if one.folder.is_dir() else "no control groups"
    except OSError as error:
        return f"no control group with {controller}: {error.strerror}"


def _parent(controller: str) -> tuple[Path, bool]:
    """Where one may be made, and whether that is the second version."""
    if (ROOT / controller).is_dir():
        return ROOT / controller, False
    known = (ROOT / "cgroup.controllers").read_text().split()
    if controller in known:
        (ROOT / "cgroup.subtree_control").write_text(f"+{controller}")
    return ROOT, True


def _remove(folder: Path) -> None:
    """Once what was in it has ended."""
    end_s = time.monotonic() + 20
    while True:
        try:
            folder.rmdir()
        except OSError:
            assert time.monotonic() < end_s, (folder / "cgroup.procs").read_text()
            time.sleep(0.05)
        else:
            return
