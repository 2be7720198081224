"""A sampler's process, reaped by ourselves: whoever reaps a child learns what it cost."""

import asyncio
import contextlib
import os
import resource
import signal
import time
from collections.abc import Sequence

from collectors.contract import Command
from daemon import children
from model.capture import Outcome
from model.errors import CollectorError

MAX_FILE_BYTES = 64 * 1024 * 1024  # of a capture's samples: no sampler fills a disk, and has a pod evicted
_EXECUTABLE = (
    "where its file brings CAP_SYS_PTRACE, the container or unit must be granted it (add: [SYS_PTRACE], "
    "CapabilityBoundingSet); or the file is not to be executed by our user, or lies on a noexec mount"
)


class Spawned:
    """A child held by a pidfd, until it has ended and was waited for."""

    def __init__(
        self,
        command: Command,
        *,
        stdout: int,
        stderr: int,
        keep: Sequence[int],
        most_bytes: int = MAX_FILE_BYTES,
    ) -> None:
        """Start it; call from the main thread, in the event loop. `keep` are descriptors it inherits.

        The kernel ends it (SIGXFSZ) where a file of its would grow beyond `most_bytes`.

        Raises CollectorError where the kernel does not let it be executed, OSError where there are no means.
        """
        self._loop = asyncio.get_running_loop()
        self._code: asyncio.Future[int] = self._loop.create_future()
        self._cpu_s = 0.0
        try:
            self.pid = children.start(
                command.argv,
                environment=children.SAMPLER_ENVIRONMENT,
                stdout=stdout,
                stderr=stderr,
                limits={resource.RLIMIT_FSIZE: most_bytes, resource.RLIMIT_CORE: 0},
                keep=keep,
            )
        except PermissionError as error:
            why = f"{command.argv[0]} cannot be executed: {error.strerror}"
            raise CollectorError(Outcome.NOT_PERMITTED, why, remedy=_EXECUTABLE) from error
        self.started_s = time.monotonic()
        try:
            self._pidfd = os.pidfd_open(self.pid)
        except OSError:  # no descriptor left
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            raise
        self._loop.add_reader(self._pidfd, self._ended)
        self._timer = self._loop.call_later(command.deadline_s, self.signal, signal.SIGKILL)

    def cpu_s(self) -> float:
        """The CPU time that it has taken so far, to the end once it has ended."""
        if not self._code.done():
            with contextlib.suppress(OSError):  # no such clock here, as under gVisor: known at its end
                self._cpu_s = time.clock_gettime((~self.pid << 3) | 2)  # the kernel's number for its clock
        return self._cpu_s

    def signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if not self._code.done():
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, number)

    async def wait(self) -> int:
        """Wait for its end and give its exit code, or minus the signal."""
        return await asyncio.shield(self._code)

    async def end(self, grace_s: float) -> int:
        """End it by SIGINT, by SIGKILL after a grace, and give its exit code."""
        self.signal(signal.SIGINT)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace_s):
                return await self.wait()
        self.signal(signal.SIGKILL)
        return await self.wait()

    def kill(self) -> None:
        """Leave nothing behind, whatever happened."""
        self._timer.cancel()
        self.signal(signal.SIGKILL)

    def _ended(self) -> None:
        self._timer.cancel()
        self._loop.remove_reader(self._pidfd)
        os.close(self._pidfd)
        _, status, used = os.wait4(self.pid, 0)
        self._cpu_s = used.ru_utime + used.ru_stime
        self._code.set_result(os.waitstatus_to_exitcode(status))
