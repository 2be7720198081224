"""A process held by a pidfd from first sight: its number can never come to mean another one."""

import asyncio
import contextlib
import os
import select
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from collectors.host.ring import Ring
from daemon.targets import procfs
from model.capture import ProcessIdentity
from model.errors import TargetError


class TaskState(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the scheduler says of one thread."""

    state: str  # R, S, D, T, t, Z ...
    wchan: str | None = None  # the kernel function it waits in, where readable


class HeldProcess:
    """A running process and the pidfd that pins it."""

    def __init__(self, pid: int, pidfd: int | None = None) -> None:
        """Take hold of a process; raises TargetError when there is none or it is being replaced.

        Where the kernel gave a `pidfd` of it already, that is ours from now on.
        """
        self._pidfd = _open(pid) if pidfd is None else pidfd
        self._holders = 1
        try:
            self.identity = _identity(pid)
        except (OSError, ValueError, IndexError) as error:
            self.close()
            raise TargetError(f"process {pid} ended while it was looked at") from error
        if not self.alive():  # what was read of /proc may be a successor's
            self.close()
            raise TargetError(f"process {pid} ended while it was looked at")
        self.exited_s: float | None = None
        self.signals: Ring | None = None  # of its last minutes, where somebody reads them
        self._on_exit: list[Callable[[], None]] = []

    @property
    def pid(self) -> int:
        """The process number, valid as long as `alive()`."""
        return self.identity.pid

    def alive(self) -> bool:
        """Whether it still runs (a zombie does not)."""
        if self._pidfd < 0:
            return False
        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)
        return not poll.poll(0)

    def watch(self, on_exit: Callable[[], None]) -> Callable[[], None]:
        """Call `on_exit` in the running event loop when the process ends; returns how to stop that."""
        if not self._on_exit and self._pidfd >= 0:
            asyncio.get_running_loop().add_reader(self._pidfd, self._exited)
        self._on_exit.append(on_exit)
        return lambda: self._unwatch(on_exit)

    def age_s(self) -> float:
        """Seconds since the process started."""
        return time.clock_gettime(time.CLOCK_BOOTTIME) - self.identity.start_ticks / procfs.TICKS_PER_S

    def tasks(self) -> dict[int, TaskState]:
        """The scheduler's view of every thread, by os thread id; threads that end meanwhile are left out."""
        found = dict(_tasks(self.pid))
        return found if self.alive() else {}  # what was read may be a successor's

    def replaced(self) -> bool:
        """Whether its number means something else by now: the process ended, and was waited for."""
        if self.alive():
            return False
        pinned = (procfs.PROC / "self" / "fdinfo" / str(self._pidfd)).read_text()
        return "\nPid:\t-1\n" in pinned and (procfs.PROC / str(self.pid)).exists()

    def state(self) -> str:
        """The scheduler state of the main thread, `X` when the process is gone."""
        try:
            return procfs.state(self.pid)
        except (OSError, IndexError):
            return "X"

    def share(self) -> "HeldProcess":
        """Hold it once more: it is let go when every holder has closed it."""
        self._holders += 1
        return self

    def close(self) -> None:
        """Let go of the process."""
        self._holders -= 1
        if self._holders <= 0 and self._pidfd >= 0:
            with contextlib.suppress(RuntimeError):  # no loop: nobody watches
                asyncio.get_running_loop().remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = -1

    def end(self) -> None:
        """Act on its end now, where that was seen before the event loop tells of it."""
        self._exited()

    def _exited(self) -> None:
        if self.exited_s is None:
            self.exited_s = time.monotonic()
        asyncio.get_running_loop().remove_reader(self._pidfd)
        callbacks, self._on_exit = self._on_exit, []
        for callback in callbacks:
            callback()

    def _unwatch(self, on_exit: Callable[[], None]) -> None:
        if on_exit in self._on_exit:
            self._on_exit.remove(on_exit)
            if not self._on_exit and self._pidfd >= 0:
                asyncio.get_running_loop().remove_reader(self._pidfd)


def _open(pid: int) -> int:
    try:
        return os.pidfd_open(pid)
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no process has such a number"
        raise TargetError(f"process {pid}: {reason}", remedy="give the pid of a running process") from error


def _identity(pid: int) -> ProcessIdentity:
    folder = procfs.PROC / str(pid)
    status = folder.stat()
    return ProcessIdentity(
        pid=pid,
        start_ticks=procfs.start_ticks(pid),
        uid=status.st_uid,
        gid=status.st_gid,
        executable=_executable(folder),
        name=(folder / "comm").read_text(errors="replace").rstrip("\n"),
    )


def _executable(folder: Path) -> str:
    try:
        return str((folder / "exe").readlink())
    except OSError:  # another user's process: the name alone must do
        return ""


def _tasks(pid: int) -> Iterator[tuple[int, TaskState]]:
    folder = procfs.PROC / str(pid) / "task"
    for name in os.listdir(folder) if folder.exists() else ():
        with contextlib.suppress(OSError, IndexError):
            yield int(name), TaskState(procfs.state(pid, int(name)), _wchan(folder / name / "wchan"))


def _wchan(path: Path) -> str | None:
    try:
        text = path.read_text()
    except OSError:  # needs the right to trace
        return None
    return text if text not in ("", "0") else None
