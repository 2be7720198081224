"""A part of the sample table's time: the lead-up, the window, the stalled iteration, a selection."""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import replace
from operator import attrgetter

from model.capture import Capture, Window
from model.samples import GONE, STATES, Row, Run, SampleTable, Span


def between(table: SampleTable, start_us: int, end_us: int) -> SampleTable:
    """The same table over less time: threads, stacks and frames keep their numbers."""
    if start_us <= table.start_us and table.end_us <= end_us:
        return table
    start_us = max(start_us, table.start_us)
    end_us = max(start_us, min(end_us, table.end_us))
    numbers: dict[int, int] = {}
    spans: list[Span] = []
    for number, span in enumerate(table.segments):
        if max(span.start_us, start_us) < min(span.end_us, end_us):
            numbers[number] = len(spans)
            spans.append(Span(max(span.start_us, start_us), min(span.end_us, end_us), span.rate_hz))
    rows: list[list[Row]] = [[] for _ in spans]
    for run in table.runs():
        if run.segment in numbers and max(run.start_us, start_us) < min(run.end_us, end_us):
            number = numbers[run.segment]
            _add(rows[number], run, max(run.start_us, start_us), min(run.end_us, end_us))
    for number, found in enumerate(rows):
        rows[number] = list(_without_seams(found, spans[number].end_us))
    return _replaced(table, spans, rows, start_us, end_us)


def _add(rows: list[Row], run: Run, start_us: int, end_us: int) -> None:
    rows.append(Row(start_us, run.thread, run.stack, run.state))
    rows.append(Row(end_us, run.thread, GONE))


def _without_seams(rows: Sequence[Row], end_us: int) -> Iterator[Row]:
    """The rows in the order of time, without the end of a run that another one follows at once."""
    begun = {(row.time_us, row.thread) for row in rows if row.stack != GONE}
    for row in sorted(rows, key=attrgetter("time_us")):
        followed = row.time_us >= end_us or (row.time_us, row.thread) in begun
        if row.stack != GONE or not followed:
            yield row


def leadup(table: SampleTable, window: Window) -> SampleTable:
    """What was sampled before the window."""
    return between(table, table.start_us, _us(window.started_s))


def window(table: SampleTable, window: Window) -> SampleTable:
    """What was sampled in the window; all there is, where nothing came before it."""
    if not table.segments or min(span.start_us for span in table.segments) >= _us(window.started_s):
        return table
    return between(table, _us(window.started_s), table.end_us)


def stalled(table: SampleTable, capture: Capture) -> SampleTable:
    """What was sampled of the iteration that brought the capture; without one, the window."""
    iteration = capture.iteration
    if iteration is None:
        return window(table, capture.window)
    end_us = table.end_us if iteration.ended_s is None else _us(iteration.ended_s)
    found = between(table, _us(iteration.started_s), end_us)
    return found if found.segments else window(table, capture.window)


def _us(seconds: float) -> int:
    return round(seconds * 1_000_000)


def _replaced(
    table: SampleTable, spans: list[Span], rows: list[list[Row]], start_us: int, end_us: int
) -> SampleTable:
    every = [(row, number) for number, found in enumerate(rows) for row in found]
    return replace(
        table,
        start_us=start_us,
        end_us=end_us,
        segments=tuple(spans),
        time_us=array("q", (row.time_us for row, _ in every)),
        thread=array("l", (row.thread for row, _ in every)),
        stack=array("l", (row.stack for row, _ in every)),
        state=array("b", (STATES.index(row.state) for row, _ in every)),
        segment=array("l", (number for _, number in every)),
    )
