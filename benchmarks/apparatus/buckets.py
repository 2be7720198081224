"""A bucket in a local moto_server."""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.apparatus.processes import child, program, said

BUCKET = "stalls"
PUT_WITHIN_S = 600
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "benchmark", "AWS_SECRET_ACCESS_KEY": "benchmark"}


@contextlib.contextmanager
def bucket() -> Iterator[tuple[Mapping[str, object], Mapping[str, str]]]:
    """A sink's configuration, and the environment that its store needs."""
    with child(program("bucket_server", BUCKET), environment=CREDENTIALS) as server:
        url = said(server.stdout)
        yield {"s3": {"bucket": BUCKET, "endpoint_url": url}}, CREDENTIALS


def puts_s(sink: Mapping[str, object], folder: Path, environment: Mapping[str, str]) -> float:
    """How long bare boto3 takes to put a folder's files into the bucket, one after the other."""
    options = sink["s3"]
    assert isinstance(options, Mapping)
    argv = program("bare_puts", str(options["endpoint_url"]), BUCKET, str(folder))
    with child(argv, environment=environment) as running:
        return float(said(running.stdout, within_s=PUT_WITHIN_S))
