"""Child processes: fixed arguments and environment, bounded, and gone when the daemon is."""

import asyncio
import contextlib
import ctypes
import os
import resource
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from typing import IO

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)  # loaded before any fork
INTERRUPT_GRACE_S = 2.0
MAX_OUTPUT_BYTES = 64 * 1024

# Nothing of the daemon's own environment reaches a sampler.
SAMPLER_ENVIRONMENT: Mapping[str, str] = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "RUST_BACKTRACE": "0",
    "AUSTIN_NO_LOGGING": "1",  # else it writes to the machine's log
}


# Code of ours between fork and exec, in a process with threads, would hang if it wanted a lock that one of
# them held at the fork. It wants none: system calls only, by what was loaded before. There is no cheaper way
# that is right: only the child can ask for the signal of its parent's death, posix_spawn knows nothing of it,
# setpriv is not in every image, and a Python of its own would take 20 ms between an overrun and its first
# stack. The kernel forgets the signal where the program's file brings capabilities (`privilege: fileCap`):
# then the sampler's own duration ends it.
def _tied_to_parent(parent: int, death_signal: int, limits: Mapping[int, int]) -> Callable[[], None]:
    """What a child does before exec: die with us, within its limits, in a process group of its own."""

    def prepare() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell's background jobs have it ignored
        _LIBC.prctl(_PR_SET_PDEATHSIG, death_signal)
        if os.getppid() != parent:  # we died between fork and prctl
            os._exit(1)
        for kind, most in limits.items():
            resource.setrlimit(kind, (most, most))

    return prepare


async def spawn(
    argv: Sequence[str],
    *,
    environment: Mapping[str, str],
    stdin: int | IO[bytes] = asyncio.subprocess.DEVNULL,
    stdout: int | IO[bytes] = asyncio.subprocess.PIPE,
    stderr: int | IO[bytes] = asyncio.subprocess.STDOUT,
    death_signal: int = signal.SIGINT,
    limits: Mapping[int, int] | None = None,
    keep: Sequence[int] = (),
) -> asyncio.subprocess.Process:
    """Start a child that gets `death_signal` when we die. Call it from the main thread only.

    The kernel sends the death signal when the *thread* that forked ends, hence the main thread. `keep` are
    descriptors that the child inherits. A group of its own keeps a terminal's Ctrl-C away from it.
    """
    return await asyncio.create_subprocess_exec(
        *argv,
        env=dict(environment),
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        pass_fds=tuple(keep),
        process_group=0,
        umask=0o077,
        preexec_fn=_tied_to_parent(os.getpid(), death_signal, limits or {}),
    )


def start(
    argv: Sequence[str],
    *,
    environment: Mapping[str, str],
    stdout: int,
    stderr: int,
    limits: Mapping[int, int],
    keep: Sequence[int],
) -> int:
    """The same for a child that the caller reaps itself, as whoever wants to know its cost must; its pid."""
    process = subprocess.Popen(
        argv,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        pass_fds=tuple(keep),
        process_group=0,
        umask=0o077,
        preexec_fn=_tied_to_parent(os.getpid(), signal.SIGINT, limits),
    )
    process.returncode = 0  # it shall neither poll nor warn: the child is the caller's
    return process.pid


async def end(process: asyncio.subprocess.Process, grace_s: float = INTERRUPT_GRACE_S) -> int:
    """End a child by SIGINT, with SIGKILL after a grace, and give its exit code."""
    if process.returncode is None:
        _signal(process, signal.SIGINT)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace_s):
                return await process.wait()
        _signal(process, signal.SIGKILL)
    return await process.wait()


def kill(process: asyncio.subprocess.Process) -> None:
    """Send SIGKILL to a child that may have ended already."""
    if process.returncode is None:
        _signal(process, signal.SIGKILL)


def _signal(process: asyncio.subprocess.Process, number: int) -> None:
    """Signal it by its number while it is our unreaped child.

    Not by its own `send_signal`: that polls first, and takes the exit code away from asyncio, which then
    makes one up (255).
    """
    with contextlib.suppress(ChildProcessError, ProcessLookupError):
        if os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            os.kill(process.pid, number)


async def read_bounded(stream: asyncio.StreamReader | None, most_bytes: int = MAX_OUTPUT_BYTES) -> bytes:
    """Drain a child's output to its end and keep the first `most_bytes` of it."""
    kept = bytearray()
    while stream is not None and (data := await stream.read(65536)):
        kept += data[: max(0, most_bytes - len(kept))]
    return bytes(kept)
