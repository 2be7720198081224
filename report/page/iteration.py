"""What happened, in sentences, and how the iteration compares with healthy ones."""

import math
from collections.abc import Iterator, Sequence

from model.history import History
from model.units import duration
from model.verdict import Cause
from report import program_words, words
from report.drawing import Drawing
from report.page.axis import began, ended
from report.page.markup import Markup, join, section, tag
from report.times import times

_LEAST_S = 0.001  # what is shorter lies at the left end
_DOT = 4


def happened(drawing: Drawing) -> Markup:
    """The story, and the picture of durations."""
    said = [tag("p", sentence) for sentence in words.story(drawing)]
    if (verdict := drawing.verdict) is not None:  # without one, conclusions stand at the top
        known = verdict.cause is not Cause.UNKNOWN  # and then tells better where the threads were
        conclusions = program_words.conclusions(drawing) if known else words.conclusions(drawing)
        said = [*(tag("p", each) for each in conclusions), *said]
    return section("happened", "What happened", *said, _durations(drawing))


def _durations(drawing: Drawing) -> Markup:
    history = drawing.capture.history
    if history is None:
        return Markup("")
    marks = list(_marks(drawing, history))
    recent = [duration_s for _, duration_s in history.recent]
    scale = _Scale([*recent, *(duration_s for _, _, duration_s in marks)])
    dots = (
        tag("circle", cx=scale.percent(duration_s), cy="22", r=str(_DOT), class_="healthy")
        for duration_s in recent
    )
    lines = (
        tag("rect", x=scale.percent(duration_s), y="6", width="3", height="32", rx="1.5", class_=key)
        for key, _, duration_s in marks
    )
    ticks = (
        join(
            tag("line", x1=scale.percent(at_s), x2=scale.percent(at_s), y1="4", y2="42", class_="grid"),
            tag("text", duration(at_s), x=scale.percent(at_s), y="58", class_="tick"),
        )
        for at_s in scale.ticks()
    )
    legend = (
        tag("span", tag("i", class_=f"dot mark {key}"), f"{name} {duration(duration_s)}", class_="key")
        for key, name, duration_s in marks
    )
    told = f"recent healthy iterations ({len(recent)} of {history.iterations})"
    healthy = tag("span", tag("i", class_="dot round healthy"), told, class_="key") if recent else ""
    label = "Durations on a logarithmic scale: " + ", ".join(
        f"{name} {duration(duration_s)}" for _, name, duration_s in marks
    )
    picture = tag("svg", *ticks, *dots, *lines, class_="durations", role="img", aria_label=label)
    return tag("figure", tag("figcaption", healthy, *legend, class_="legend"), picture, class_="card")


def _marks(drawing: Drawing, history: History) -> Iterator[tuple[str, str, float]]:
    """What is marked on the scale: a class, a name, a duration in seconds."""
    yield "median", "median", history.median_s
    yield "p99", "99 of 100 within", history.p99_s
    if drawing.capture.trigger.threshold_s is not None:
        yield "limit", "limit", drawing.capture.trigger.threshold_s
    if (started_s := began(drawing)) is None:
        return
    ended_s = ended(drawing)
    lasted_s = (drawing.capture.window.ended_s if ended_s is None else ended_s) - started_s
    name = "this one" if ended_s is not None else "this one, so far"
    if history.median_s > 0:
        name += f" ({times(lasted_s / history.median_s)} the median),"
    yield "this", name, lasted_s


class _Scale:
    """A logarithmic scale that a few durations lie on, with room at both ends."""

    def __init__(self, durations_s: Sequence[float]) -> None:
        least_s = max(_LEAST_S, min(durations_s))
        self._low = math.log10(least_s) - 0.15
        self._high = math.log10(max(*durations_s, least_s * 2)) + 0.15

    def percent(self, duration_s: float) -> str:
        """Where a duration lies."""
        share = (math.log10(max(duration_s, _LEAST_S)) - self._low) / (self._high - self._low)
        return f"{min(1.0, max(0.0, share)):.2%}"

    def ticks(self) -> Iterator[float]:
        """Powers of ten, and between them twos and fives where there is room."""
        parts = (1, 2, 5) if self._high - self._low < 2.5 else (1,)
        for power in range(math.floor(self._low), math.ceil(self._high) + 1):
            for part in parts:
                at_s = part * 10.0**power
                if self._low <= math.log10(at_s) <= self._high - 0.04:
                    yield at_s
