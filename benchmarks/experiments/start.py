"""From the spawn of `loopcam run` until it hears, beside a bare server's start."""

import subprocess
import time
from pathlib import Path

from benchmarks.apparatus.daemons import COMMAND, TARGET, configured
from benchmarks.apparatus.processes import child, program, said
from benchmarks.figures import Row, often, percentile

SAMPLES = 12


def measure(folder: Path, times: float) -> list[Row]:
    """Starts in turn: ours until it says that it watches, the other until it says its port."""
    ours, bare = [], []
    with child(program("threads", "4", "20")) as target:
        said(target.stdout)
        one = {"name": TARGET, "process": {"pid": target.pid}, "max_loop_time": "1m"}
        argv = (*COMMAND, "run", "--config", str(configured(folder, [one], {})), "--log-format", "json")
        for _ in range(often(SAMPLES, times)):
            ours.append(_ours_ms(argv))
            bare.append(_bare_ms())
    return [
        Row(
            figure="start until it watches p50",
            unit="ms",
            ours=percentile(ours, 0.5),
            other=percentile(bare, 0.5),
            beside="bare aiohttp + prometheus-client",
            note=f"{len(ours)} each, the longest took {max(ours):.0f} and {max(bare):.0f} ms",
        )
    ]


def _ours_ms(argv: tuple[str, ...]) -> float:
    began_s = time.monotonic()
    with child(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        said(process.stderr, b"loopcam watches")
        took_s = time.monotonic() - began_s
        assert process.stderr is not None
        process.terminate()
        process.stderr.read()
        return 1000 * took_s


def _bare_ms() -> float:
    began_s = time.monotonic()
    with child(program("bare_server")) as process:
        said(process.stdout)
        return 1000 * (time.monotonic() - began_s)
