"""A stalled iteration against healthy ones, as evidence."""

from collections.abc import Iterator

from model.comparison import Moved
from model.verdict import Fact, FactKind
from report.places import short
from report.times import seconds
from report.verdict import words
from report.verdict.features import Features
from report.verdict.finding import Finding

_TIMES = 1.5  # the median: below, the duration says nothing


def facts(features: Features, finding: Finding) -> tuple[Fact, ...]:
    """How the duration, and the function that is blamed, compare with healthy iterations."""
    return (*_duration(features), *_function(features, finding))


def _duration(features: Features) -> Iterator[Fact]:
    history = features.capture.history
    if history is None or history.median_s <= 0 or features.age_s < _TIMES * history.median_s:
        return
    times = features.age_s / history.median_s
    yield Fact(
        kind=FactKind.HISTORY,
        text=(
            f"{seconds(features.age_s)} are {times:.0f} times the median of {history.iterations} healthy "
            f"iterations, {seconds(history.median_s)}."
        ),
        value=round(times, 2),
        unit="times",
    )


def _function(features: Features, finding: Finding) -> Iterator[Fact]:
    if features.comparison is None or not finding.frames:
        return
    blamed = {(frame.function, short(frame.file)) for frame in finding.frames[-3:]}
    moved = [each for each in features.comparison.moved if (each.function, short(each.file)) in blamed]
    if moved:
        yield _moved(max(moved, key=lambda each: each.stalled_share))


def _moved(moved: Moved) -> Fact:
    usual = (
        f"in healthy ones {words.percent(moved.healthy_share)}"
        if moved.healthy_share
        else "in healthy ones never"
    )
    return Fact(
        kind=FactKind.HISTORY,
        text=f"{moved.function} had {words.percent(moved.stalled_share)} of this iteration's time, {usual}.",
        share=round(moved.stalled_share, 4),
        value=round(moved.healthy_share, 4),
        unit="share",
        thread=moved.thread,
    )
