"""The command that is watched: started as if loopcam were not there, and given what is sent to loopcam."""

import asyncio
import contextlib
import ctypes
import errno
import os
import shutil
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

from model.errors import CommandError

_PR_SET_PTRACER = 0x59616D61
_LIBC = ctypes.CDLL(None, use_errno=True)  # loaded before any fork
NOT_FOUND, NOT_EXECUTABLE, BY_SIGNAL = 127, 126, 128
PASSED_ON = (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
OF_TERMINALS = (signal.SIGINT, signal.SIGQUIT)


def demand(argv: Sequence[str]) -> None:
    """Raise CommandError, with a shell's exit code, for a command that cannot be started."""
    if shutil.which(argv[0]) is not None:
        return
    paths = [argv[0]] if "/" in argv[0] else [f"{one}/{argv[0]}" for one in os.get_exec_path()]
    if any(Path(path).exists() for path in paths):
        raise _not_executable(argv[0], "permission denied")
    raise CommandError(
        f"{argv[0]}: command not found", exit_code=NOT_FOUND, remedy="give its path, or look at PATH"
    )


class Command:
    """A child in our own process group and terminal, with our standard streams."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.pid = process.pid
        self._process = process
        self._pidfd = os.pidfd_open(process.pid)  # pins the number: no signal reaches anybody else

    @classmethod
    async def start(cls, argv: Sequence[str], environment: Mapping[str, str], umask: int) -> "Command":
        """Start it; raises CommandError. Our samplers, children of ours like itself, may look at it."""
        me = os.getpid()
        try:
            process = await asyncio.create_subprocess_exec(
                *argv,
                env=dict(environment),
                umask=umask,
                close_fds=False,  # what we inherited is for it; our own descriptors close by themselves
                preexec_fn=lambda: _LIBC.prctl(_PR_SET_PTRACER, me, 0, 0, 0),
            )
        except OSError as error:
            if error.errno == errno.ENOENT:
                what = f"{argv[0]}: not found, or its interpreter is not"
                raise CommandError(what, exit_code=NOT_FOUND) from error
            raise _not_executable(argv[0], error.strerror or str(error)) from error
        return cls(process)

    async def wait(self) -> int:
        """Its exit code, as a shell tells it: 128 and the number of a signal that ended it."""
        code = await self._process.wait()
        os.close(self._pidfd)
        self._pidfd = -1
        return code if code >= 0 else BY_SIGNAL - code

    def send(self, number: int) -> None:
        """Pass a signal on, while there is somebody to get it."""
        if self._pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):  # it has just ended
                signal.pidfd_send_signal(self._pidfd, number)


def typed() -> bool:
    """Whether a terminal sent what it sends to all in its foreground: then the command has it, too."""
    try:
        with open("/dev/tty", "rb", buffering=0) as terminal:
            return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except OSError:  # no terminal
        return False


def _not_executable(name: str, why: str) -> CommandError:
    remedy = "chmod +x it, or name its interpreter: python3 FILE"
    return CommandError(f"{name}: {why}", exit_code=NOT_EXECUTABLE, remedy=remedy)
