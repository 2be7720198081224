"""A bucket in a local moto_server."""

import contextlib
from collections.abc import Iterator, Mapping

from benchmarks.processes import child, program, said

BUCKET = "stalls"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "benchmark", "AWS_SECRET_ACCESS_KEY": "benchmark"}


@contextlib.contextmanager
def bucket() -> Iterator[tuple[Mapping[str, object], Mapping[str, str]]]:
    """A sink's configuration, and the environment that its store needs."""
    with child(program("bucket_server", BUCKET), environment=CREDENTIALS) as server:
        url = said(server.stdout)
        yield {"s3": {"bucket": BUCKET, "endpoint_url": url}}, CREDENTIALS
