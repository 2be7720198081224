"""Child processes of benchmarks: gone when the benchmark is, however it ends."""

import contextlib
import ctypes
import os
import resource
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO

from benchmarks.figures import FigureError

ROOT = Path(__file__).resolve().parents[2]
END_GRACE_S = 10.0
SAID_WITHIN_S = 30.0
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)

Child = subprocess.Popen[bytes]


def program(name: str, *arguments: str) -> tuple[str, ...]:
    """The command line of a program in benchmarks/programs."""
    return (sys.executable, "-m", f"benchmarks.programs.{name}", *arguments)


@contextlib.contextmanager
def child(
    argv: tuple[str, ...],
    *,
    core: int | None = None,
    environment: Mapping[str, str] | None = None,
    stdout: int | IO[bytes] = subprocess.PIPE,
    stderr: int | IO[bytes] | None = None,
    end_signal: int = signal.SIGTERM,
) -> Iterator[Child]:
    """A running child, on one core where that is asked for; it is ended when the block is left."""
    process = subprocess.Popen(
        argv,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        process_group=0,
        preexec_fn=_prepare(core, end_signal),
    )
    with process:
        try:
            yield process
        finally:
            _end(process, end_signal)


def _prepare(core: int | None, end_signal: int) -> Callable[[], None]:
    """What a child does before exec: end when we do, even when we are killed."""

    def prepare() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, end_signal)
        if core is not None:
            os.sched_setaffinity(0, {core})

    return prepare


def _end(process: Child, end_signal: int) -> None:
    try:
        if process.poll() is None:
            process.send_signal(end_signal)
        process.wait(END_GRACE_S)
    except subprocess.TimeoutExpired as error:
        process.kill()
        raise FigureError(f"{process.args!r} did not end within {END_GRACE_S:g} s") from error
    except BaseException:  # interrupted once more
        process.kill()
        raise


def said(stream: IO[bytes] | None, words: bytes = b"", within_s: float = SAID_WITHIN_S) -> str:
    """The child's next line that holds these words; raises FigureError when it ends or says nothing."""
    assert stream is not None
    until_s = time.monotonic() + within_s
    seen = b""
    while words not in seen or not seen.endswith(b"\n"):
        left_s = max(0.0, until_s - time.monotonic())
        ready = select.select([stream], [], [], left_s)[0]
        data = os.read(stream.fileno(), 1) if ready else b""  # by byte: what follows is for the next call
        if not data:
            raise FigureError(f"a child ended, or did not say {words!r} in time; it said {seen!r}")
        seen += data
    return seen.decode(errors="replace").splitlines()[-1]


def rss_bytes(pid: int) -> int:
    """VmRSS of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise FigureError(f"process {pid} has no memory: it ended")


def cpu_s(pid: int) -> float:
    """CPU time of a process, all its threads, in nanoseconds' resolution (ticks are 10 ms)."""
    return time.clock_gettime((~pid << 3) | 2)  # the kernel's number for another process's CPU clock


def children_cpu_s() -> float:
    """CPU time of all our children that ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def cores() -> list[int]:
    """The cores that we may use."""
    return sorted(os.sched_getaffinity(0))
