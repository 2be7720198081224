"""What may be wrong with the series of a metrics source. Yields (option, value, rule)."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from daemon.sources.metrics.selectors import Selector, SelectorError
from daemon.sources.metrics.series import Series

if TYPE_CHECKING:
    from daemon.sources.metrics.options import Metrics

Broken = tuple[str, str, str]


def broken(options: "Metrics") -> Iterator[Broken]:
    """The faults of the options, with the preset's series among them."""
    series = options.series
    yield from _of_form(series, unanswered=options.unanswered)
    for option in ("start", "end"):
        if (text := getattr(options, option)) is not None:
            yield from _of_text(option, text)
    for text in options.in_flight_seconds:
        yield from _of_text("in_flight_seconds", text)
    if series.iteration is not None and not series.in_flight_seconds:
        yield "iteration", series.iteration, "has a meaning with `in_flight_seconds` only"
    if series.silence_counts and series.idle_allowance_s is None:
        yield (
            "idle_allowance",
            "missing",
            "needed with `end`: the longest healthy pause between two iterations",
        )
    if options.idle_allowance is not None and not series.silence_counts:
        yield "idle_allowance", str(options.idle_allowance), "has a meaning with `end` only: leave it out"


def _of_form(series: Series, *, unanswered: bool) -> Iterator[Broken]:
    counted = series.start is not None or series.end is not None
    if not counted and not series.in_flight_seconds and not unanswered:
        yield "", "nothing to look for", "give a `preset`, or series: end (with start), or in_flight_seconds"
    if series.in_flight_seconds and counted:
        rule = "tells both ends by itself: leave out `start` and `end`, or this"
        yield "in_flight_seconds", ", ".join(series.in_flight_seconds), rule
    if series.start is not None and series.end is None:
        yield "end", "missing", "needed with `start`: a counter that grows when an iteration ends"
    if unanswered and (counted or series.in_flight_seconds):
        yield "unanswered", "true", "goes without series: make it a source of its own, with a `name`"


def _of_text(option: str, text: str) -> Iterator[Broken]:
    try:
        Selector(text)
    except SelectorError as error:
        yield option, text, str(error)
