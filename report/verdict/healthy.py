"""A stalled iteration against healthy ones, as evidence."""

from collections.abc import Iterator

from model.comparison import Moved
from model.units import duration
from model.verdict import Fact, FactKind
from report.baseline.groups import group
from report.places import short
from report.verdict import words
from report.verdict.features import Features
from report.verdict.finding import Finding

_TIMES = 1.5  # the median: below, the duration says nothing
_ENOUGH = 3  # healthy iterations, for their proportions to be told
_MOVED = 0.1  # of a thread's time: less is chance


def facts(features: Features, finding: Finding) -> tuple[Fact, ...]:
    """How the duration, and the function that is blamed, compare with healthy iterations."""
    return (*_duration(features), *(() if alike(features) else _function(features, finding)))


def alike(features: Features) -> str:
    """A sentence to add where the iteration did what healthy ones do, only for longer; else empty."""
    found = features.comparison
    if found is None or found.healthy.iterations < _ENOUGH or (found.times_median or 0.0) < _TIMES:
        return ""
    loop = features.culprit.loop
    groups = {group(each.name) for each in (*features.culprit.threads, *((loop,) if loop else ()))}
    moves = (abs(one.stalled_share - one.healthy_share) for one in found.moved if one.thread in groups)
    if max(moves, default=0.0) > _MOVED:
        return ""
    return " It is more of the same: healthy iterations do this in the same proportions, only for less long."


def _duration(features: Features) -> Iterator[Fact]:
    history = features.capture.history
    if history is None or history.median_s <= 0 or features.age_s < _TIMES * history.median_s:
        return
    times = features.age_s / history.median_s
    iteration = features.capture.iteration
    so_far = " so far" if iteration is not None and iteration.ended_s is None else ""
    yield Fact(
        kind=FactKind.HISTORY,
        text=(
            f"{duration(features.age_s)}{so_far} are {times:.0f} times the median of {history.iterations} "
            f"healthy iterations, {duration(history.median_s)}."
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
        text=(
            f"{moved.function}, with all that it calls, had {words.percent(moved.stalled_share)} of the time "
            f"of {moved.thread}, {usual}."
        ),
        share=round(moved.stalled_share, 4),
        value=round(moved.healthy_share, 4),
        unit="share",
        thread=moved.thread,
    )
