"""How long the doctor takes, beside a bare start of Python with the same look."""

import subprocess
import sys
import time
from pathlib import Path

from benchmarks.apparatus.processes import ROOT, child, program, said
from benchmarks.figures import FigureError, Row, often, percentile
from collectors.pyspy import PySpy

SAMPLES = 10


def measure(folder: Path, times: float) -> list[Row]:
    """The command with and without a process, and Python with a dump of the same process, in turn."""
    with child(program("threads", "4", "20")) as target:
        said(target.stdout)
        pid = str(target.pid)
        alone, one, bare = [], [], []
        for _ in range(often(SAMPLES, times)):
            alone.append(_seconds(sys.executable, "-m", "daemon", "doctor", "--json"))
            one.append(_seconds(sys.executable, "-m", "daemon", "doctor", "--json", "--pid", pid))
            bare.append(_seconds(sys.executable, "-c", "pass") + _seconds(*PySpy().dump(target.pid).argv))
    return [_row("of ourselves", alone, bare), _row("of a process", one, bare)]


def _seconds(*command: str) -> float:
    """How long a command takes that ends well."""
    started_s = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise FigureError(f"{command} ended with {done.returncode}")
    return time.monotonic() - started_s


def _row(name: str, ours: list[float], bare: list[float]) -> Row:
    return Row(
        figure=f"doctor {name} p99",
        unit="s",
        ours=percentile(ours, 0.99),
        other=percentile(bare, 0.99),
        beside="python and a bare py-spy dump",
        note=f"{len(ours)} each, 4 threads 20 deep",
    )
