"""How soon after its window's end a report is safe, and how soon it is in a bucket."""

from pathlib import Path

from benchmarks.buckets import bucket
from benchmarks.daemons import daemon
from benchmarks.figures import Bound, Row, percentile
from benchmarks.overruns import Overrun, options
from benchmarks.processes import child, program, said

SAMPLES = 6


def measure(folder: Path, times: int) -> list[Row]:
    """Windows of 2 s: long enough for renderer and store to start within them."""
    with (
        bucket() as (sink, credentials),
        child(program("threads", "4", "20")) as target,
    ):
        said(target.stdout)
        with daemon(
            folder, target.pid, options(collection_time_s=2), sinks=[sink], environment=credentials
        ) as watching:
            watching.wait_until_found()
            overruns = [Overrun(watching) for _ in range(SAMPLES * times)]
    return [
        _row("accepted after the window's end", 300, [1000 * one.accepted_s for one in overruns]),
        _row("stored in a local bucket after it", 700, [1000 * one.stored_s for one in overruns]),
    ]


def _row(figure: str, aim_ms: float, values: list[float]) -> Row:
    return Row(
        figure=figure,
        unit="ms",
        ours=percentile(values, 0.5),
        aim=Bound(aim_ms),
        note=f"median of {len(values)}, the longest took {max(values):.0f} ms",
    )
