"""What collectors had fetched when their daemon was killed: their indexes tell."""

import logging
from collections.abc import Iterator
from pathlib import Path

import msgspec

from disk.reading import content
from model import coding
from model.capture import Outcome, PartOutcome
from model.fetches import FETCHES_SUFFIX, Fetches
from model.report import EVIDENCE_DIR

_LOG = logging.getLogger(__name__)


def fetched(report: Path) -> Iterator[Fetches]:
    """The indexes that can be read."""
    for file in sorted((report / EVIDENCE_DIR).glob(f"*{FETCHES_SUFFIX}")):
        try:
            yield coding.decode(content(file), Fetches)
        except (msgspec.DecodeError, OSError) as error:
            _LOG.warning("index not read", extra={"file": file.name, "error": str(error)})


def last_s(report: Path) -> float:
    """When the last request was over; minus infinity when there was none."""
    ends_s = (fetch.ended_s for index in fetched(report) for fetch in index.fetches)
    return max(ends_s, default=float("-inf"))


def parts(report: Path) -> Iterator[PartOutcome]:
    """How the collectors fared whose indexes are there."""
    indexes = {index.collector: index for index in fetched(report)}  # the dashcam's come before its own
    for index in indexes.values():
        times_s = [at_s for one in index.fetches for at_s in (one.started_s, one.ended_s)] or [0.0]
        yield PartOutcome(
            name=index.collector,
            outcome=Outcome.PARTIAL,
            seconds=max(times_s) - min(times_s),
            detail="the daemon was killed while it collected",
        )
