"""What iterations of a loop took lately, and the threshold that follows from it. Pure."""

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterable
from math import ceil

import msgspec

MEDIAN = 50.0


class AdaptiveRules(msgspec.Struct, frozen=True, kw_only=True):
    """How a threshold follows what iterations usually take."""

    percent: float = MEDIAN  # which of the durations, in order, is the usual one
    times: float
    floor_s: float
    last: int  # so many iterations count
    needs: int  # so many must have been seen

    def threshold_s(self, usual_s: float) -> float:
        """The threshold where iterations usually take so long."""
        return max(self.floor_s, self.times * usual_s)

    def __str__(self) -> str:
        which = "median" if self.percent == MEDIAN else f"{self.percent:g}th percentile"
        return f"{self.times:g} times the {which}" if self.times != 1 else f"the {which}"


class Recent:
    """The last durations, and the same in order: a new one costs a move within a short array."""

    def __init__(self, last: int, durations_s: Iterable[float] = ()) -> None:
        """Begin with some that are known, of which the last count."""
        self._last = deque(durations_s, maxlen=last)
        self._ordered = sorted(self._last)

    def __len__(self) -> int:
        return len(self._last)

    def add(self, duration_s: float) -> None:
        """One more; the oldest is forgotten when there are too many."""
        if len(self._last) == self._last.maxlen:
            del self._ordered[bisect_left(self._ordered, self._last[0])]
        self._last.append(duration_s)
        insort(self._ordered, duration_s)

    def percentile(self, percent: float) -> float:
        """The duration that so many per cent do not exceed (nearest rank); there must be one."""
        return self._ordered[max(0, ceil(len(self._ordered) * percent / 100) - 1)]

    def resized(self, last: int) -> "Recent":
        """The same, with another number that counts."""
        return self if last == self._last.maxlen else Recent(last, self._last)
