"""A store process: one sink, report after report."""

import logging
import sys
from collections.abc import Callable
from pathlib import Path

from daemon.worker.attempt import done, failed
from daemon.worker.protocol import Job, Reply, StoreSetup
from model import coding
from model.errors import SinkError
from model.report import Report
from report import manifests
from report.verify import verify
from sinks.contract import Sink
from sinks.plugins import find


def store(setup: bytes) -> Callable[[Job], Reply]:
    """Build the sink that the first line names, and give what stores one report in it."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    said = coding.decode(setup, StoreSetup)
    sink = coding.convert(said.options, find(said.kind))
    try:
        sink.prepare()
    except SinkError as error:  # the reports will tell: each is tried, and fails for the same reason
        logging.warning("%s", error)
    return lambda job: _store(sink, Path(job.directory))


def _store(sink: Sink, directory: Path) -> Reply:
    if faults := verify(directory):
        remedy = f"look at {directory}: what its disk gave back is not what was written"
        return failed(f"the report is damaged: {'; '.join(faults)}", remedy, retry=False)
    name = f"{type(sink).__name__}.store"
    return done(name, lambda: sink.store(Report(directory=directory, manifest=manifests.read(directory))))
