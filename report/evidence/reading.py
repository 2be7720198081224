"""Reads all evidence of a capture; what is damaged costs itself only."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from model.capture import Capture, Dump, Outcome, Segment
from model.fetches import Fetches
from model.samples import SampleTable, Span, TableBuilder
from model.signals import NO_SIGNALS, Signals
from report.evidence import austin, fetched, host, loglines, looks, metrics, program, pyspy, states
from report.evidence.austin import Found, Rows
from report.evidence.fetched import DAMAGE, words
from report.evidence.loglines import Tail
from report.evidence.looks import Look, Scheduled, Sighting
from report.evidence.metrics import Difference
from report.evidence.program import NO_PROGRAM, Program


@dataclass(frozen=True)
class Reader:
    """How to read one sampler's files; the segments of a report go through one `rows`."""

    rows: Callable[[], contextlib.AbstractContextManager[Rows]]
    sightings: Callable[[bytes, Mapping[int, Scheduled]], Iterable[Sighting]]


def _pyspy_rows(file: Path, span: Span, builder: TableBuilder, looks: Sequence[Look]) -> Found:
    return Found(pyspy.rows(file.read_bytes(), span, builder))  # it knows the threads itself


READERS = {
    "pyspy": Reader(rows=lambda: contextlib.nullcontext(_pyspy_rows), sightings=pyspy.sightings),
    "austin": Reader(rows=austin.reading, sightings=pyspy.sightings),  # looks are py-spy's
}

_UNKNOWN = "nobody here reads the files of {!r}"


@dataclass(frozen=True)
class Evidence:
    """What was found, and in words what could not be read."""

    table: SampleTable
    looks: tuple[Look, ...]
    faults: tuple[str, ...]
    sampled: tuple[Span, ...]  # the times in which samples were taken
    from_looks: int = 0  # looks that the table is made of, where there are no samples
    program: Program = NO_PROGRAM
    fetches: tuple[Fetches, ...] = ()
    metrics: tuple[Difference, ...] = ()
    logs: tuple[Tail, ...] = ()
    signals: Signals = NO_SIGNALS


def read(directory: Path, capture: Capture) -> Evidence:
    """The evidence of a report directory."""
    faults: list[str] = []
    indexes = fetched.indexes(directory, capture, faults)
    files = tuple(fetched.files(directory, capture, indexes))
    told = program.read(files, faults)
    recording = capture.recording
    dumps = recording.dumps if recording else ()
    seen = tuple(_looks(directory, sorted(dumps, key=lambda dump: dump.at_s), faults))
    table, sampled, from_looks = _table(directory, capture, seen, told, faults)
    moved = tuple(metrics.differences(files, faults))
    logs = tuple(loglines.tails(directory, capture, faults))
    measured = host.signals(directory, capture, faults)
    said = tuple(faults)
    return Evidence(table, seen, said, sampled, from_looks, told, indexes, moved, logs, measured)


def _table(
    directory: Path, capture: Capture, seen: Sequence[Look], told: Program, faults: list[str]
) -> tuple[SampleTable, tuple[Span, ...], int]:
    """The table, when samples were taken, and how many looks stand in where nothing was."""
    segments = capture.recording.segments if capture.recording else ()
    builder = TableBuilder()
    with contextlib.ExitStack() as reading:
        rows = {name: reading.enter_context(reader.rows()) for name, reader in READERS.items()}
        for segment in sorted(segments, key=lambda segment: segment.started_s):
            _add(directory, segment, rows.get(segment.sampler), builder, seen, faults)
    start_us = _us(min((capture.window.started_s, *(segment.started_s for segment in segments))))
    end_us = _us(max((capture.window.ended_s, *(segment.ended_s for segment in segments))))
    if told.busy or told.dumps:
        start_us = min(start_us, *(each.span.start_us for each in told.busy), *(d.at_us for d in told.dumps))
    from_dumps = program.add(told, end_us, capture.pid, builder)
    table = builder.freeze(start_us, end_us)
    if seen and not table.segments and not _nothing_to_sample(capture):
        table = looks.table(seen, min(start_us, seen[0].at_us), end_us)
        return table, (), len(seen)
    sampled = table.segments[: len(table.segments) - from_dumps]
    from_looks = len(told.dumps) if from_dumps and not sampled else 0
    return states.assign(table, seen), sampled, from_looks


def _nothing_to_sample(capture: Capture) -> bool:
    """Whether the sampler worked, and what it was to look for was not there."""
    name = capture.recording.sampler if capture.recording else ""
    return any(part.name == name and part.outcome is Outcome.NOTHING for part in capture.parts)


def _add(
    directory: Path,
    segment: Segment,
    rows: Rows | None,
    builder: TableBuilder,
    seen: Sequence[Look],
    faults: list[str],
) -> None:
    span = Span(_us(segment.started_s), _us(segment.ended_s), segment.rate_hz)
    try:
        if rows is None:
            raise ValueError(_UNKNOWN.format(segment.sampler))
        found = rows(directory / segment.path, span, builder, seen)
        if found.rows and found.rows[0].time_us < span.end_us:
            first_us = max(span.start_us, found.rows[0].time_us)  # before, nothing was sampled
            builder.add(span._replace(start_us=first_us), found.rows)
    except DAMAGE as error:
        faults.append(words(segment.path, error))
    else:
        if found.damage:
            faults.append(f"{segment.path} is damaged, and read as far as it is whole: {found.damage}")


def _looks(directory: Path, dumps: Iterable[Dump], faults: list[str]) -> Iterator[Look]:
    for dump in dumps:
        kernel = _kernel(directory, dump.states_path, faults)
        try:
            reader = _reader(dump.sampler)
            sightings = tuple(reader.sightings((directory / dump.path).read_bytes(), kernel))
        except DAMAGE as error:
            faults.append(words(dump.path, error))
        else:
            yield Look(_us(dump.at_s), sightings)


def _kernel(directory: Path, path: str | None, faults: list[str]) -> Mapping[int, Scheduled]:
    if path is None:
        return {}
    try:
        return looks.scheduled((directory / path).read_bytes())
    except DAMAGE as error:
        faults.append(words(path, error))
        return {}


def _reader(sampler: str) -> Reader:
    if sampler not in READERS:
        raise ValueError(_UNKNOWN.format(sampler))
    return READERS[sampler]


def _us(seconds: float) -> int:
    return round(seconds * 1_000_000)
