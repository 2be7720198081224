"""Profilers at work on a target: ours as the command line has it, and py-spy itself."""

import contextlib
import signal
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from benchmarks.apparatus.daemons import COMMAND
from benchmarks.apparatus.processes import Child, child, said
from benchmarks.figures import FigureError
from collectors.austin import Austin
from model.errors import CollectorError

PY_SPY = str(Path(sysconfig.get_path("scripts"), "py-spy"))
AFTER_S = 60.0


@contextlib.contextmanager
def loopcam(pid: int, seconds: int, folder: Path, sampler: str = "pyspy") -> Iterator[None]:
    """Within: a `loopcam capture` that has just begun. Afterwards: its report is in the folder."""
    argv = (*COMMAND, "capture", "--pid", str(pid), "--for", f"{seconds}s", "--out", str(folder))
    argv += ("--sampler", sampler)
    with child(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        said(process.stderr, b"capturing process")
        yield
        _wait(process)


@contextlib.contextmanager
def py_spy(pid: int, seconds: int, file: Path, *options: str) -> Iterator[Child]:
    """Within: a blocking `py-spy record` at 100 Hz that has just begun. Afterwards: its file is there."""
    argv = (PY_SPY, "record", "-r", "100", "-d", str(seconds), "-p", str(pid), "-o", str(file), *options)
    with child(argv, stderr=subprocess.STDOUT, end_signal=signal.SIGINT) as process:
        said(process.stdout, b"Sampling process")
        yield process
        process.send_signal(signal.SIGINT)  # its duration is in samples: on a large target it never ends
        _wait(process)


def austin_runs() -> bool:
    """Whether an austin is installed that starts here."""
    try:
        Austin().version()
    except CollectorError:
        return False
    return True


def _wait(process: Child) -> None:
    """Let it finish, and drain what it says meanwhile."""
    try:
        out, err = process.communicate(timeout=AFTER_S)
    except subprocess.TimeoutExpired as error:
        raise FigureError(f"{process.args!r} does not end") from error
    if process.returncode:
        raise FigureError(f"{process.args!r} ended with {process.returncode}: {out!r} {err!r}")
