"""What was fetched of the target's HTTP: the index files of collectors, `evidence/NAME.fetches.json`."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec

from model import coding
from model.capture import Capture
from model.fetches import FETCHES_KIND, Fetch, Fetches

DAMAGE = (OSError, ValueError, RecursionError, msgspec.DecodeError)
T = TypeVar("T")


class Fetched(NamedTuple):
    """One file that came."""

    collector: str
    kind: str  # of the collector: pprof or http
    fetch: Fetch
    file: Path

    @property
    def at_us(self) -> int:
        """When it was asked for, in monotonic microseconds."""
        return round(self.fetch.started_s * 1_000_000)

    @property
    def ended_us(self) -> int:
        """When it was there."""
        return round(self.fetch.ended_s * 1_000_000)


def indexes(directory: Path, capture: Capture, faults: list[str]) -> tuple[Fetches, ...]:
    """All indexes of a report; those that cannot be read are told."""
    paths = [each.path for each in capture.evidence if each.kind == FETCHES_KIND]
    read = (attempt(path, partial(_index, directory / path), faults) for path in paths)
    return tuple(index for index in read if index is not None)


def _index(file: Path) -> Fetches:
    return coding.decode(file.read_bytes(), Fetches)


def files(directory: Path, capture: Capture, found: tuple[Fetches, ...]) -> Iterator[Fetched]:
    """The files that came, in the order in which they were asked for."""
    listed = {each.path for each in capture.evidence}  # nothing that was not accepted is opened
    for index in found:
        for fetch in sorted(index.fetches, key=lambda fetch: fetch.started_s):
            if fetch.path in listed:
                yield Fetched(index.collector, index.kind, fetch, directory / fetch.path)


def attempt(path: str, read: Callable[[], T], faults: list[str]) -> T | None:
    """What reading a file gives, or nothing and a fault in words."""
    try:
        return read()
    except DAMAGE as error:
        faults.append(words(path, error))
        return None


def words(path: str, error: Exception) -> str:
    """That a file cannot be read, and why."""
    what = error.strerror if isinstance(error, OSError) else str(error)
    return f"{path} cannot be read: {what}"
