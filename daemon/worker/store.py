"""A store process: one sink, report after report."""

import logging
import sys
from collections.abc import Callable
from pathlib import Path

from daemon.worker.protocol import Job, Reply, StoreSetup
from model import coding
from model.errors import SinkError
from model.report import Report
from report import manifests
from report.verify import verify
from sinks.contract import Sink
from sinks.plugins import find

_LONGEST_WORDS = 2000  # a reply is one line of bounded length, whatever a sink has to say


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
        return _failed(f"the report is damaged: {'; '.join(faults)}", remedy, retry=False)
    try:
        location = sink.store(Report(directory=directory, manifest=manifests.read(directory)))
    except SinkError as error:
        return _failed(str(error), error.remedy, retry=error.retry, retry_after_s=error.retry_after_s)
    except Exception as error:  # a sink's own bug is told and tried again, not fatal
        logging.exception("store failed")
        return _failed(f"{type(error).__name__}: {error}")
    if not isinstance(location, str):
        return _failed(f"{type(sink).__name__}.store gave no location but {location!r}")
    return Reply(location=location[:_LONGEST_WORDS])


def _failed(error: str, remedy: str = "", *, retry: bool = True, retry_after_s: float | None = None) -> Reply:
    return Reply(
        error=error[:_LONGEST_WORDS],
        remedy=remedy[:_LONGEST_WORDS],
        retry=retry,
        retry_after_s=retry_after_s,
    )
