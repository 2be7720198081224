"""What came of a simulation so far: every iteration's time, and every look at the daemon."""

import statistics
from array import array
from collections.abc import Sequence

import msgspec

from daemon.demo.simulator.contract import Iterated
from daemon.demo.simulator.looks import Look
from daemon.exec.tally import percentile

FEWEST_LOOKS = 8
_WARM = 0.25  # of the looks come before everything is loaded
_EDGE = 1 / 3  # of the others are the beginning, and as many the end
_UNSURE_S = 0.25  # by so little more than allowed, the daemon may have seen it otherwise
_HOUR_S = 3600.0


class Course:
    """Takes iterations and looks, and gives figures."""

    def __init__(self, max_loop_time_s: float) -> None:
        self._max_loop_time_s = max_loop_time_s
        self._durations_s = array("d")
        self.looks: list[Look] = []
        self.failed = 0
        self.retries = 0
        self.backed_off_s = 0.0
        self.too_long = 0

    def take(self, one: Iterated) -> None:
        """An iteration ended."""
        self._durations_s.append(one.took_s)
        self.failed += bool(one.failed)
        self.retries += one.retries
        self.backed_off_s += one.backed_off_s
        self.too_long += one.took_s > self._max_loop_time_s + _UNSURE_S

    @property
    def iterations(self) -> int:
        """How many ended."""
        return len(self._durations_s)

    def durations_s(self, first: int = 0) -> list[float]:
        """How long each took from this one on, the shortest first."""
        return sorted(self._durations_s[first:])

    @property
    def missed(self) -> int:
        """Iterations that clearly overran, and that the daemon did not count."""
        return max(0, self.too_long - self.looks[-1].seen.overruns) if self.looks else 0

    @property
    def settled(self) -> Sequence[Look]:
        """The looks after the daemon had loaded everything; none while there are too few."""
        return self.looks[int(len(self.looks) * _WARM) :] if len(self.looks) >= FEWEST_LOOKS else ()

    def growth_bytes(self) -> float:
        """By how much the daemon's own memory grew from the beginning to the end, as medians."""
        early, late = self._edges()
        return statistics.median(one.process.own_bytes for one in late) - statistics.median(
            one.process.own_bytes for one in early
        )

    def growth_bytes_per_h(self) -> float:
        """The slope of its memory."""
        settled = self.settled
        slope, _ = statistics.linear_regression(
            [one.at_s for one in settled], [float(one.process.own_bytes) for one in settled]
        )
        return slope * _HOUR_S

    def growth_descriptors(self) -> int:
        """By how many more descriptors it has at rest: the fewest of either time."""
        early, late = self._edges()
        return min(one.process.descriptors for one in late) - min(one.process.descriptors for one in early)

    def cpu_share(self) -> float:
        """Its CPU time, of one core."""
        return share(self.looks[0], self.looks[-1])

    def zombies(self) -> int:
        """Children that were seen twice after their end: one look may just precede the wait."""
        pairs = zip(self.looks, self.looks[1:], strict=False)
        return len({pid for a, b in pairs for pid in set(a.process.zombies) & set(b.process.zombies)})

    def _edges(self) -> tuple[Sequence[Look], Sequence[Look]]:
        count = max(1, int(len(self.settled) * _EDGE))
        return self.settled[:count], self.settled[-count:]


class Times(msgspec.Struct, frozen=True):
    """Percentiles, in seconds."""

    p50_s: float
    p99_s: float
    max_s: float


def times(ordered_s: list[float]) -> Times:
    """Of durations in order; all 0 without any."""
    return Times(*(percentile(ordered_s, percent) if ordered_s else 0.0 for percent in (50, 99, 100)))


def share(before: Look, after: Look) -> float:
    """The CPU time between two looks, of one core."""
    return (after.process.cpu_s - before.process.cpu_s) / max(1e-3, after.at_s - before.at_s)
