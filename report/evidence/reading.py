"""Reads all evidence of a capture; what is damaged costs itself only."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from model.capture import Capture, Dump, Outcome, Segment
from model.samples import SampleTable, Span, TableBuilder
from report.evidence import austin, looks, pyspy, states
from report.evidence.austin import Found
from report.evidence.looks import Look, Scheduled, Sighting

_DAMAGE = (OSError, ValueError, RecursionError, msgspec.DecodeError)


@dataclass(frozen=True)
class Reader:
    """How to read one sampler's files."""

    rows: Callable[[Path, Span, TableBuilder, Sequence[Look]], Found]
    sightings: Callable[[bytes, Mapping[int, Scheduled]], Iterable[Sighting]]


def _pyspy_rows(file: Path, span: Span, builder: TableBuilder, looks: Sequence[Look]) -> Found:
    return Found(pyspy.rows(file.read_bytes(), span, builder))  # it knows the threads itself


READERS = {
    "pyspy": Reader(rows=_pyspy_rows, sightings=pyspy.sightings),
    "austin": Reader(rows=austin.rows, sightings=pyspy.sightings),  # looks are py-spy's
}


@dataclass(frozen=True)
class Evidence:
    """What was found, and in words what could not be read."""

    table: SampleTable
    looks: tuple[Look, ...]
    faults: tuple[str, ...]
    from_looks: int = 0  # looks that the table is made of, where there are no samples


def read(directory: Path, capture: Capture) -> Evidence:
    """The evidence of a report directory."""
    faults: list[str] = []
    recording = capture.recording
    dumps = recording.dumps if recording else ()
    segments = recording.segments if recording else ()
    seen = tuple(_looks(directory, sorted(dumps, key=lambda dump: dump.at_s), faults))
    builder = TableBuilder()
    for segment in sorted(segments, key=lambda segment: segment.started_s):
        _add(directory, segment, builder, seen, faults)
    start_s = min((capture.window.started_s, *(segment.started_s for segment in segments)))
    end_s = max((capture.window.ended_s, *(segment.ended_s for segment in segments)))
    table = builder.freeze(_us(start_s), _us(end_s))
    if seen and not table.segments and not _nothing_to_sample(capture):
        standing_in = looks.table(seen, table.start_us, table.end_us)
        return Evidence(table=standing_in, looks=seen, faults=tuple(faults), from_looks=len(seen))
    return Evidence(table=states.assign(table, seen), looks=seen, faults=tuple(faults))


def _nothing_to_sample(capture: Capture) -> bool:
    """Whether the sampler worked, and what it was to look for was not there."""
    name = capture.recording.sampler if capture.recording else ""
    return any(part.name == name and part.outcome is Outcome.NOTHING for part in capture.parts)


def _add(
    directory: Path, segment: Segment, builder: TableBuilder, seen: Sequence[Look], faults: list[str]
) -> None:
    span = Span(_us(segment.started_s), _us(segment.ended_s), segment.rate_hz)
    try:
        found = _reader(segment.sampler).rows(directory / segment.path, span, builder, seen)
        if found.rows and found.rows[0].time_us < span.end_us:
            first_us = max(span.start_us, found.rows[0].time_us)  # before, nothing was sampled
            builder.add(span._replace(start_us=first_us), found.rows)
    except _DAMAGE as error:
        faults.append(_words(segment.path, error))
    else:
        if found.damage:
            faults.append(f"{segment.path} is damaged, and read as far as it is whole: {found.damage}")


def _looks(directory: Path, dumps: Iterable[Dump], faults: list[str]) -> Iterator[Look]:
    for dump in dumps:
        kernel = _kernel(directory, dump.states_path, faults)
        try:
            reader = _reader(dump.sampler)
            sightings = tuple(reader.sightings((directory / dump.path).read_bytes(), kernel))
        except _DAMAGE as error:
            faults.append(_words(dump.path, error))
        else:
            yield Look(_us(dump.at_s), sightings)


def _kernel(directory: Path, path: str | None, faults: list[str]) -> Mapping[int, Scheduled]:
    if path is None:
        return {}
    try:
        return looks.scheduled((directory / path).read_bytes())
    except _DAMAGE as error:
        faults.append(_words(path, error))
        return {}


def _reader(sampler: str) -> Reader:
    if sampler not in READERS:
        raise ValueError(f"nobody here reads the files of {sampler!r}")
    return READERS[sampler]


def _words(path: str, error: Exception) -> str:
    what = error.strerror if isinstance(error, OSError) else str(error)
    return f"{path} cannot be read: {what}"


def _us(seconds: float) -> int:
    return round(seconds * 1_000_000)
