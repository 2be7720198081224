"""A counter of ends, with the sum of their durations where it is that of a histogram or summary."""

import math
from collections.abc import Iterator, Sequence

import msgspec

from daemon.sources.metrics.contract import Sample
from daemon.sources.metrics.selectors import Selector

BORN = "process_start_time_seconds"
SLACK_S = 1.0
_COUNT, _SUM = "_count", "_sum"


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """What a counter said; one that is not there yet has counted nothing."""

    count: float = 0.0
    sum_s: float | None = 0.0  # None: it is no histogram and no summary
    born: float | None = None  # when the process started, where it tells

    def anew_since(self, before: "Counted") -> bool:
        """Whether it is the counter of another process."""
        another = self.born is not None and before.born is not None and self.born != before.born
        less = self.sum_s is not None and before.sum_s is not None and self.sum_s < before.sum_s
        return another or less or self.count < before.count

    def counted_before(self, within_s: float) -> "Counted":
        """What of it another process had counted before: nothing, if it can have begun within this time.

        Its iterations come one after the other. Where they took longer, it has been there for longer.
        """
        fits = self.sum_s is None or self.sum_s <= within_s + SLACK_S
        return Counted(sum_s=None if self.sum_s is None else 0.0) if fits else self


class Counter:
    """Reads one counter."""

    def __init__(self, end: Selector) -> None:
        self._end = end
        has_sum = end.name.endswith(_COUNT)
        self._sum = end.beside(end.name.removesuffix(_COUNT) + _SUM) if has_sum else None
        self.picks = (end, self._sum) if self._sum else (end,)

    def counted(self, samples: Sequence[Sample]) -> Counted:
        """What it says now."""
        ends = next(_believed(self._end.picked(samples)), None)
        sum_s = next(_believed(self._sum.picked(samples)), None) if self._sum else None
        born = next(_believed(one for one in samples if one.name == BORN), None)
        if ends is None:
            return Counted(sum_s=0.0 if self._sum else None, born=born)
        return Counted(count=ends, sum_s=sum_s, born=born)


def _believed(samples: Iterator[Sample]) -> Iterator[float]:
    return (one.value for one in samples if math.isfinite(one.value) and one.value >= 0)


def durations(before: Counted, now: Counted, ends: int, least_s: float) -> list[float | None]:
    """How long each of the ends took, the oldest first, of which it is known that it took `least_s`.

    Only what they took together is told: where there are several, those after the first have a mean.
    """
    if before.sum_s is None or now.sum_s is None:
        return [None] * ends
    all_s, counted = now.sum_s - before.sum_s, now.count - before.count
    first_s = min(max(all_s / counted, least_s), all_s)
    rest_s = (all_s - first_s) / max(1.0, counted - 1)
    return [first_s, *([rest_s] * (ends - 1))]
