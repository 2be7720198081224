"""What happened around the stacks, for a timeline: the iteration, its threshold, the trigger, the window."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from report.drawing import Drawing

MARKS_PID: Final = 5_000_000  # a process of its own in the timeline; Linux has no such number


class Mark(NamedTuple):
    """A moment, or a stretch with an end. Times are monotonic microseconds."""

    name: str
    at_us: int
    until_us: int | None = None


def marks(drawing: Drawing) -> tuple[Mark, ...]:
    """All that is known, stretches first."""
    found = list(_found(drawing))
    return tuple(sorted(found, key=lambda mark: (mark.until_us is None, mark.at_us)))


def _found(drawing: Drawing) -> Iterator[Mark]:
    capture, table = drawing.capture, drawing.whole
    window = capture.window
    begun_us, ended_us = _us(window.started_s), _us(window.ended_s)
    if table.start_us < begun_us:
        yield Mark("lead-up", table.start_us, begun_us)
    yield Mark("window", begun_us, max(begun_us, ended_us))
    yield Mark(f"trigger: {capture.trigger.kind}", _us(capture.trigger.at_s))
    yield Mark(f"window ends: {window.end}", ended_us)
    yield from _iteration(drawing, max(ended_us, table.end_us))


def _iteration(drawing: Drawing, last_us: int) -> Iterator[Mark]:
    iteration, trigger = drawing.capture.iteration, drawing.capture.trigger
    if iteration is None:
        return
    name = "iteration" if iteration.id is None else f"iteration {iteration.id}"
    begun_us = _us(iteration.started_s)
    ended_us = last_us if iteration.ended_s is None else _us(iteration.ended_s)
    yield Mark(name, begun_us, max(begun_us, ended_us))
    yield Mark(f"{name} starts", begun_us)
    if trigger.threshold_s is not None:
        yield Mark(f"{name} reaches its threshold", begun_us + _us(trigger.threshold_s))
    if iteration.ended_s is not None:
        yield Mark(f"{name} ends", ended_us)


def _us(seconds: float) -> int:
    return round(seconds * 1_000_000)
