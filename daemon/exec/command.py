"""The command that is watched: started as if loopcam were not there, and given what is sent to loopcam."""

import asyncio
import ctypes
import errno
import os
import shutil
import signal
import subprocess
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

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str], umask: int) -> None:
        """Start it; raises CommandError. Our samplers, children of ours like itself, may look at it."""
        me = os.getpid()
        try:
            self._process = subprocess.Popen(  # not asyncio's, which may reap it before we hold it
                argv,
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
        self.pid = self._process.pid
        self._pidfd = os.pidfd_open(self.pid)

    async def wait(self) -> int:
        """Its exit code, as a shell tells it: 128 and the number of a signal that ended it."""
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._pidfd, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = -1
        code = self._process.wait()
        return code if code >= 0 else BY_SIGNAL - code

    def send(self, number: int) -> None:
        """Pass a signal on, while there is somebody to get it."""
        if self._pidfd >= 0:  # until we have waited for it, its number is its own
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
