"""How soon after its window's end a report is safe, and how soon it is in a bucket."""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.apparatus.buckets import bucket, puts_s
from benchmarks.apparatus.daemons import daemon
from benchmarks.apparatus.overruns import Overrun, options
from benchmarks.apparatus.processes import child, program, said
from benchmarks.figures import Row, often, percentile

SAMPLES = 10
BESIDE = "bare boto3 puts of the same files"


def measure(folder: Path, times: float) -> list[Row]:
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
            overruns = [Overrun(watching) for _ in range(often(SAMPLES, times))]
        report = folder / "spool" / "reports" / overruns[-1].capture.id / "report"
        bare_ms = 1000 * puts_s(sink, report, credentials)
    accepted, stored = ([1000 * s for s in several] for several in zip(*map(_both_s, overruns), strict=True))
    return [
        *_rows("accepted after the window's end", accepted, None),
        *_rows("stored in a local bucket after it", stored, bare_ms),
    ]


def _both_s(overrun: Overrun) -> tuple[float, float]:
    return overrun.accepted_s, overrun.stored_s


def _rows(figure: str, values: list[float], bare_ms: float | None) -> Iterator[Row]:
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        yield Row(
            figure=f"{figure} {name}",
            unit="ms",
            ours=percentile(values, share),
            other=bare_ms,
            beside=BESIDE,
            note=f"of {len(values)}; drawing is within it" if bare_ms else f"of {len(values)}",
        )
