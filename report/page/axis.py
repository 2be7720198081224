"""The axis of time that everything on the page shares: seconds before and after the trigger."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from model.capture import WindowEnd
from model.events import TriggerKind
from model.units import duration
from report.drawing import Drawing

MOST_TICKS = 8
MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Preset:
    """A range of time that has a name, in microseconds relative to the trigger."""

    key: str
    name: str
    start_us: int
    end_us: int


@dataclass(frozen=True)
class Axis:
    """From `start_us` until `end_us`, monotonic; the trigger, at `zero_us`, is its zero."""

    start_us: int
    end_us: int
    zero_us: int

    @property
    def length_us(self) -> int:
        """What is on it."""
        return self.end_us - self.start_us

    def share(self, at_us: int) -> float:
        """Where a time lies, from 0 at the left to 1 at the right; what is outside lies at an end."""
        return min(1.0, max(0.0, (at_us - self.start_us) / self.length_us))

    def percent(self, at_us: int) -> str:
        """Where a time lies, for a picture of any width."""
        return f"{self.share(at_us):.3%}"

    def width(self, start_us: int, end_us: int) -> str:
        """How wide a range is."""
        return f"{self.share(end_us) - self.share(start_us):.3%}"

    def text(self, at_us: int) -> str:
        """A time as seconds from the trigger."""
        return relative((at_us - self.zero_us) / 1_000_000)

    def tick(self, at_us: int) -> str:
        """A round time: all of them in one unit, with as many digits as they need."""
        step_us = _step(self.length_us / MOST_TICKS)
        unit, unit_us = ("s", 1_000_000) if step_us >= 10_000 else ("ms", 1_000)
        digits = max(0, math.ceil(math.log10(unit_us / step_us)))
        offset = round((at_us - self.zero_us) / unit_us, digits)
        sign = "+" if offset > 0 else MINUS if offset < 0 else ""
        return f"{sign}{abs(offset):.{digits if offset else 0}f} {unit}"

    def ticks(self) -> Iterator[int]:
        """Round times, few enough to be read side by side."""
        step_us = _step(self.length_us / MOST_TICKS)
        first = -(-(self.start_us - self.zero_us) // step_us)
        last = (self.end_us - self.zero_us) // step_us
        yield from (self.zero_us + number * step_us for number in range(first, last + 1))


def relative(offset_s: float) -> str:
    """Seconds from the trigger, with a sign."""
    if abs(offset_s) < 0.0005:
        return "0 s"
    return f"{'+' if offset_s > 0 else MINUS}{duration(abs(offset_s))}"


def _step(least_us: float) -> int:
    for unit_us in (1_000, 10_000, 100_000, 1_000_000, 10_000_000):
        for times in (1, 2, 5):
            if unit_us * times >= least_us:
                return unit_us * times
    minutes = max(1, -(-least_us // 60_000_000))
    return int(minutes) * 60_000_000


def of(drawing: Drawing) -> Axis:
    """All that was sampled or read, and the iteration as far as it does not make that too small to see."""
    whole, capture = drawing.whole, drawing.capture
    times = [each.times_us for each in drawing.signals.series.values() if each.times_us]
    start_us = min((whole.start_us, *(found[0] for found in times)))
    end_us = max((whole.end_us, start_us + 1_000, *(found[-1] for found in times)))
    most_us = end_us - start_us
    if (began_s := began(drawing)) is not None and start_us - in_us(began_s) <= most_us:
        start_us = min(start_us, in_us(began_s))
    zero_us = in_us(capture.trigger.at_s)
    if start_us - zero_us <= most_us:
        start_us = min(start_us, zero_us)
    return Axis(start_us, end_us, zero_us)


def began(drawing: Drawing) -> float | None:
    """When the iteration began, in monotonic seconds, as far as is known."""
    capture = drawing.capture
    if capture.iteration is not None:
        return capture.iteration.started_s
    return capture.trigger.started_s


def ended(drawing: Drawing) -> float | None:
    """When the iteration ended, or its process with it, in monotonic seconds; None while it is in flight."""
    window, iteration = drawing.capture.window, drawing.capture.iteration
    if iteration is not None and iteration.ended_s is not None:
        return iteration.ended_s
    if drawing.capture.trigger.kind is TriggerKind.EXIT:
        return drawing.capture.trigger.at_s
    return window.ended_s if window.end is WindowEnd.TARGET_EXITED else None


def presets(drawing: Drawing, axis: Axis) -> Iterator[Preset]:
    """The ranges one wants first; the stalled iteration, or the window, before all others."""
    seen: set[tuple[int, int]] = set()
    for key, name, start_us, end_us in _ranges(drawing, axis):
        if start_us < end_us and (start_us, end_us) not in seen:
            seen.add((start_us, end_us))
            yield Preset(key, name, start_us - axis.zero_us, end_us - axis.zero_us)


def _ranges(drawing: Drawing, axis: Axis) -> Iterator[tuple[str, str, int, int]]:
    window_us = in_us(drawing.capture.window.started_s)
    start_us, end_us = drawing.whole.start_us, drawing.whole.end_us
    if (began_s := began(drawing)) is not None:
        until_s = ended(drawing)
        until_us = end_us if until_s is None else min(axis.end_us, in_us(until_s))
        yield "stalled", "stalled iteration", max(axis.start_us, in_us(began_s)), until_us
    yield "leadup", "lead-up", start_us, min(window_us, end_us)
    yield "window", "window", max(start_us, window_us), end_us
    yield "everything", "everything", axis.start_us, axis.end_us


def in_us(seconds_: float) -> int:
    """Monotonic seconds as microseconds."""
    return round(seconds_ * 1_000_000)
