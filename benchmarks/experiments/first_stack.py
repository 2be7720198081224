"""From the moment an overrun is due to the first stacks: the whole daemon beside a bare py-spy dump."""

import subprocess
import time
from pathlib import Path

from benchmarks.apparatus.daemons import daemon
from benchmarks.apparatus.overruns import Overrun, options
from benchmarks.apparatus.processes import child, program, said
from benchmarks.figures import FigureError, Row, often, percentile
from collectors.pyspy import PySpy

SAMPLES = 20


def measure(folder: Path, times: float) -> list[Row]:
    """Overruns and bare dumps in turn, of the same target."""
    ours, bare = [], []
    with child(program("threads", "4", "20")) as target:
        said(target.stdout)
        with daemon(folder, target.pid, options(collection_time_s=0.3)) as watching:
            watching.wait_until_found()
            for _ in range(often(SAMPLES, times)):
                ours.append(1000 * Overrun(watching).first_stack_s)
                bare.append(1000 * _dump(target.pid))
    return [_row("p50", 0.5, ours, bare), _row("p99", 0.99, ours, bare)]


def _dump(pid: int) -> float:
    """Seconds from the spawn of the daemon's own command to its first byte, as the daemon dates a dump."""
    started_s = time.monotonic()
    with subprocess.Popen(PySpy().dump(pid).argv, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.read(1)
        took_s = time.monotonic() - started_s
        process.stdout.read()
    if process.returncode:
        raise FigureError(f"py-spy dump ended with {process.returncode}")
    return took_s


def _row(name: str, share: float, ours: list[float], bare: list[float]) -> Row:
    return Row(
        figure=f"overrun to first stack {name}",
        unit="ms",
        ours=percentile(ours, share),
        other=percentile(bare, share),
        beside="bare py-spy dump",
        note=f"{len(ours)} each, 4 threads 20 deep",
    )
