"""By how much a figure changed between two commits, and whether that is more than chance."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.apparatus.pairs import interval

LEAST_PERCENT = 5.0
LEAST_ROUNDS = 5  # with fewer, no two of them enclose the median with a confidence of 90 per cent


@dataclass(frozen=True)
class Change:
    """Of one figure, by pairs of runs in turn."""

    figure: str
    unit: str
    before: float
    after: float
    percent: float
    within: tuple[float, float]  # per cent, with a confidence of 90 per cent
    worse: bool  # the direction, however small

    @property
    def called(self) -> bool:
        """Whether it is large enough, and no chance."""
        return abs(self.percent) >= LEAST_PERCENT and not self.within[0] <= 0 <= self.within[1]

    def words(self) -> str:
        """As a line of the table."""
        word = ("WORSE" if self.worse else "better") if self.called else "-"
        low, high = self.within
        return f"{self.figure}: {self.percent:+.1f} % ({low:+.1f} to {high:+.1f})  {word}"


def change(
    figure: str, unit: str, before: Sequence[float], after: Sequence[float], *, more_is_better: bool
) -> Change | None:
    """None where a figure was 0, of which nothing is a per cent."""
    if len(before) != len(after) or len(before) < LEAST_ROUNDS:
        raise ValueError(f"{figure}: {LEAST_ROUNDS} pairs at least, not {len(before)} and {len(after)} runs")
    if not all(before):
        return None
    percents = [100 * (new / old - 1) for old, new in zip(before, after, strict=True)]
    middle = median(percents)
    worse = middle < 0 if more_is_better else middle > 0
    return Change(figure, unit, median(before), median(after), middle, interval(percents), worse)
