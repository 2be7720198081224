"""Rows over the axis of time: the ruler, the iteration and what was recorded of it."""

from collections.abc import Iterator, Mapping, Sequence

from model.units import duration
from report.drawing import Drawing
from report.page.axis import Axis, began, ended, in_us
from report.page.markup import Markup, tag


def track(label: str, lane: str, **attributes: str | bool) -> Markup:
    """A row: a label on the left, and on the right something over time."""
    kind = f"track {attributes.pop('class_', '')}".rstrip()
    return tag(
        "div", tag("div", label, class_="label"), tag("div", lane, class_="lane"), class_=kind, **attributes
    )


def ruler(axis: Axis) -> Markup:
    """Round times."""
    marks = []
    for at_us in axis.ticks():
        x = axis.percent(at_us)
        marks.append(tag("line", x1=x, x2=x, y1="16", y2="22"))
        anchor = "start" if axis.share(at_us) < 0.03 else "end" if axis.share(at_us) > 0.97 else "middle"
        marks.append(tag("text", axis.tick(at_us), x=x, y="11", class_=f"tick {anchor}"))
    label = f"Time from the trigger, {axis.text(axis.start_us)} to {axis.text(axis.end_us)}"
    picture = tag("svg", *marks, class_="ruler", role="img", aria_label=label)
    return track(tag("span", "from the trigger", class_="hint"), picture, id="ruler")


def lanes(drawing: Drawing, axis: Axis) -> Iterator[Markup]:
    """The iteration, and what was recorded of it."""
    if (started_s := began(drawing)) is not None:
        yield track("iteration", _iteration(drawing, axis, started_s), class_="thin", id="iteration")
    yield track("recorded", _recorded(drawing, axis), class_="thin", id="recorded")


def _iteration(drawing: Drawing, axis: Axis, started_s: float) -> Markup:
    capture, ended_s = drawing.capture, ended(drawing)
    start_us = in_us(started_s)
    end_us = axis.end_us if ended_s is None else in_us(ended_s)
    parts = [
        *_before(drawing, axis),
        _bar(axis, start_us, end_us, "this open" if ended_s is None else "this"),
    ]
    said = [f"began at {axis.text(start_us)}"]
    if capture.history is not None:
        usual_us = start_us + in_us(capture.history.median_s)
        parts.append(_bar(axis, start_us, usual_us, "median"))
        said.append(f"a healthy one ends at {axis.text(usual_us)} (median)")
    if capture.trigger.threshold_s is not None:
        limit_us = start_us + in_us(capture.trigger.threshold_s)
        parts.append(_mark(axis, limit_us, "limit"))
        said.append(f"limit at {axis.text(limit_us)}")
    said.append("trigger at 0 s")
    said.append("still running at the end" if ended_s is None else f"ended at {axis.text(end_us)}")
    parts.append(_mark(axis, axis.zero_us, "trigger"))
    return _lane(parts, "Iteration: " + ", ".join(said))


def _before(drawing: Drawing, axis: Axis) -> Iterator[Markup]:
    """The healthy iterations before it that are on the axis."""
    for ended_s, lasted_s in drawing.capture.history.recent if drawing.capture.history else ():
        if in_us(ended_s) > axis.start_us:
            yield _bar(axis, in_us(ended_s - lasted_s), in_us(ended_s), "healthy")


def _recorded(drawing: Drawing, axis: Axis) -> Markup:
    window_us = in_us(drawing.capture.window.started_s)
    parts = []
    for span in drawing.whole.segments:
        if span.start_us < window_us:
            parts.append(_bar(axis, span.start_us, min(span.end_us, window_us), "leadup"))
        if span.end_us > window_us:
            parts.append(_bar(axis, max(span.start_us, window_us), span.end_us, "window"))
    parts.append(_mark(axis, axis.zero_us, "trigger"))
    lasted_s = drawing.capture.window.ended_s - drawing.capture.window.started_s
    begun = axis.text(drawing.whole.start_us)
    return _lane(
        parts, f"Recorded from {begun}; the window began at {axis.text(window_us)}, {duration(lasted_s)}"
    )


def _lane(parts: Sequence[Markup], label: str) -> Markup:
    return tag("svg", tag("title", label), *parts, class_="bar", role="img", aria_label=label)


def _bar(axis: Axis, start_us: int, end_us: int, kind: str) -> Markup:
    x, width = axis.percent(start_us), axis.width(start_us, end_us)
    return tag("rect", x=x, width=width, y="4", height="10", rx="2", class_=kind)


def _mark(axis: Axis, at_us: int, kind: str) -> Markup:
    if not axis.start_us <= at_us <= axis.end_us:
        return Markup("")
    x = axis.percent(at_us)
    return tag("line", x1=x, x2=x, y1="0", y2="18", class_=kind)


def legend(drawing: Drawing) -> Markup:
    """What the bars and marks above the bands mean."""
    known = began(drawing) is not None
    kinds = {"this": "the iteration"} if known else {}
    if known and drawing.capture.trigger.threshold_s is not None:
        kinds["limit"] = "its limit"
    kinds["trigger"] = "trigger"
    if known and drawing.capture.history is not None:
        kinds |= {"healthy": "healthy ones", "median": "the median of healthy ones, for scale"}
    window_us = in_us(drawing.capture.window.started_s)
    if any(span.start_us < window_us for span in drawing.whole.segments):
        kinds["leadup"] = "lead-up"
    if any(span.end_us > window_us for span in drawing.whole.segments):
        kinds["window"] = "window"
    return keys(kinds, "lanes")


def keys(kinds: Mapping[str, str], key: str, *, scripted: bool = False) -> Markup:
    """A legend: a class for each dot, and what it means."""
    items = (tag("span", tag("i", class_=f"dot {kind}"), said, class_="key") for kind, said in kinds.items())
    return tag("p", *items, class_="legend scripted" if scripted else "legend", id=key)
