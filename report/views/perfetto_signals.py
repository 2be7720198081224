"""Signals as counters of a timeline."""

from collections.abc import Iterable, Iterator
from itertools import islice
from math import isfinite

from model.signals import Signal
from report.drawing import Drawing
from report.views.perfetto_marks import MARKS_PID

MOST_READINGS = 2000  # of one signal; of more, each counter shows the largest of several


def counters(drawing: Drawing, origin_us: int) -> Iterator[dict[str, object]]:
    """One counter a signal, with its unit in its name."""
    pid = drawing.capture.pid or MARKS_PID
    for name, signal in sorted(drawing.signals.series.items()):
        called = f"{name} ({signal.unit})" if signal.unit else name
        for at_us, value in _readings(signal, origin_us):
            at = {"ph": "C", "name": called, "ts": at_us - origin_us, "pid": pid, "tid": pid}
            yield {**at, "args": {"value": value}}


def _readings(signal: Signal, origin_us: int) -> Iterator[tuple[int, float]]:
    pairs = zip(signal.times_us, signal.values, strict=True)
    found = iter(sorted(pair for pair in pairs if isfinite(pair[1]) and pair[0] >= origin_us))
    step = -(-len(signal.values) // MOST_READINGS)
    while some := tuple(islice(found, max(1, step))):
        yield some[0][0], _largest(some)


def _largest(some: Iterable[tuple[int, float]]) -> float:
    return max(value for _, value in some)
