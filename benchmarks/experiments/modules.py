"""Whether the daemon's process stays free of what only its children need."""

from pathlib import Path

from benchmarks.apparatus.buckets import bucket
from benchmarks.apparatus.daemons import daemon
from benchmarks.apparatus.overruns import Overrun, options
from benchmarks.apparatus.processes import child, program, said
from benchmarks.figures import FigureError, Row

FORBIDDEN = ("boto3", "botocore", "report", "google.protobuf")


def measure(folder: Path, times: float) -> list[Row]:
    """Its modules after a capture was drawn and stored in a bucket."""
    listing = folder / "modules"
    with (
        bucket() as (sink, credentials),
        child(program("threads", "4", "20")) as target,
    ):
        said(target.stdout)
        with daemon(
            folder,
            target.pid,
            options(collection_time_s=1),
            sinks=[sink],
            command=program("listing_daemon", str(listing)),
            environment=credentials,
        ) as watching:
            watching.wait_until_found()
            Overrun(watching)
    modules = listing.read_text().split()
    if "daemon.captures" not in modules:
        raise FigureError("the daemon did not list its modules")
    return [_row(name, modules) for name in FORBIDDEN]


def _row(forbidden: str, modules: list[str]) -> Row:
    found = [name for name in modules if name == forbidden or name.startswith(f"{forbidden}.")]
    return Row(
        figure=f"modules of {forbidden} in the daemon after a capture",
        unit="",
        ours=len(found),
        note=", ".join(found[:5]),
    )
