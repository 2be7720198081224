"""Child processes: fixed arguments and environment, bounded, and gone when the daemon is."""

import asyncio
import contextlib
import ctypes
import functools
import os
import resource
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from collectors.trusted import checked
from model.errors import CollectorError

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)  # loaded before any fork
INTERRUPT_GRACE_S = 2.0
PROBE_S = 1.0
MAX_OUTPUT_BYTES = 64 * 1024

# Nothing of the daemon's own environment reaches a sampler.
SAMPLER_ENVIRONMENT: Mapping[str, str] = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "RUST_BACKTRACE": "0",
    "AUSTIN_NO_LOGGING": "1",  # else it writes to the machine's log
}


# Only a child can ask for the signal of its parent's death. util-linux's setpriv asks, and then executes
# the program: that takes a millisecond. Where it is not to be had, code of ours asks, between fork and
# exec: the fork copies our page tables, and keeps us for five milliseconds, or forty where cores are busy.
# In a process with threads such code would hang if it wanted a lock that one of them held at the fork; it
# wants none: system calls only, by what was loaded before. The kernel forgets the signal where the
# program's file brings capabilities (`privilege: fileCap`), and setpriv does not notice if we die before it
# has asked: then the sampler's own duration ends it.
SETPRIV = Path("/usr/bin/setpriv")


@functools.lru_cache(maxsize=1)
def _is_setpriv(path: Path) -> bool:
    """Whether it can ask: busybox's cannot, nor can those of util-linux before 2.33."""
    if not os.access(path, os.X_OK):
        return False
    argv = (path, "--pdeathsig", "KILL", "--", path, "--help")
    try:
        checked(path)  # others may put another program in its place
        subprocess.run(argv, env=SAMPLER_ENVIRONMENT, capture_output=True, timeout=PROBE_S, check=True)
    except (CollectorError, OSError, subprocess.SubprocessError):
        return False
    return True


def _by_setpriv(program: str) -> bool:
    """Whether setpriv can start it as code of ours would: it leaves signals ignored that are."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN or not _is_setpriv(SETPRIV):
        return False
    try:
        os.getxattr(program, "security.capability")
    except OSError:  # none, or there is no such thing here
        return os.access(program, os.X_OK)
    return False  # what the kernel says to such a file we want to hear


def prepared(
    argv: Sequence[str], death_signal: int, limits: Mapping[int, int]
) -> tuple[Sequence[str], Callable[[], None] | None]:
    """The command, and what its child does before exec."""
    if _by_setpriv(argv[0]):
        name = signal.Signals(death_signal).name.removeprefix("SIG")
        return (str(SETPRIV), "--pdeathsig", name, "--", *argv), None
    return argv, _tied_to_parent(os.getpid(), death_signal, limits)


def _bound(pid: int, limits: Mapping[int, int]) -> None:
    """Set the limits of a child that set none itself."""
    with contextlib.suppress(ProcessLookupError):
        for kind, most in limits.items():
            resource.prlimit(pid, kind, (most, most))


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
    command, prepare = prepared(argv, death_signal, limits or {})
    process = await asyncio.create_subprocess_exec(
        *command,
        env=dict(environment),
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        pass_fds=tuple(keep),
        process_group=0,
        umask=0o077,
        preexec_fn=prepare,
    )
    if prepare is None:
        _bound(process.pid, limits or {})
    return process


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
    command, prepare = prepared(argv, signal.SIGINT, limits)
    process = subprocess.Popen(
        command,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        pass_fds=tuple(keep),
        process_group=0,
        umask=0o077,
        preexec_fn=prepare,
    )
    if prepare is None:
        _bound(process.pid, limits)
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
