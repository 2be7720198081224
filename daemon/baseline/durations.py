"""How long iterations of a target take: exact enough, small, and cheap to add to. Pure."""

from array import array
from collections import defaultdict
from math import floor, log2
from typing import Final

import msgspec

from model.history import History

RECENT: Final = 100  # for the strip
_PARTS: Final = 16  # of a doubling: a figure is at most 2.2 % off
_SHORTEST_S, _LONGEST_S = 1e-6, 1e7
HALF_LIFE_S: Final = 86400.0
_FADED = 0.01  # of an iteration
_FIGURE_EVERY = 64  # added iterations


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """A target's durations on disk: `state/history/TARGET.json`. Ages are of when it was written."""

    target: str
    boot_id: str
    written_wall_s: float
    halved_ago_s: float
    counts: dict[int, float]  # by part of a doubling
    most_s: float
    before_most_s: float
    recent: tuple[tuple[float, float], ...]


class Durations:
    """Durations in logarithmic parts. Each day all that is known counts half; the last hundred are exact."""

    def __init__(self, now_s: float) -> None:
        self.count = 0.0
        self._counts: dict[int, float] = defaultdict(float)
        self._most_s = self._before_most_s = 0.0  # of this day, and of the one before
        self._halved_s = now_s
        self._recent = array("d", bytes(16 * RECENT))
        self._added = 0
        self._figures: History | None = None
        self._figured_at = 0

    def add(self, ended_s: float, duration_s: float) -> None:
        """One more healthy iteration; times are monotonic."""
        if ended_s - self._halved_s >= HALF_LIFE_S:
            self._halve(ended_s)
        duration_s = min(max(duration_s, _SHORTEST_S), _LONGEST_S)
        self._counts[floor(log2(duration_s) * _PARTS)] += 1.0
        self.count += 1.0
        if duration_s > self._most_s:
            self._most_s = duration_s
        place = self._added % RECENT * 2
        self._recent[place], self._recent[place + 1] = ended_s, duration_s
        self._added += 1

    def history(self) -> History | None:
        """The figures and the last durations; None before anything is known."""
        figures = self._figured() if self._counts else None
        return None if figures is None else msgspec.structs.replace(figures, recent=tuple(self._ring()))

    def figures(self) -> History | None:
        """The figures as they were lately, without the last durations: cheap enough for each iteration."""
        if self._figures is None or self._added - self._figured_at >= _FIGURE_EVERY:
            self._figures, self._figured_at = (self._figured() if self._counts else None), self._added
        return self._figures

    def _figured(self) -> History:
        median_s, p90_s, p99_s = self._percentiles(0.5, 0.9, 0.99)
        return History(
            iterations=max(1, round(self.count)),
            median_s=median_s,
            p90_s=p90_s,
            p99_s=p99_s,
            most_s=self._top_s(),
        )

    def saved(self, target: str, boot_id: str, now_s: float, wall_s: float) -> Saved:
        """All of it, for the disk."""
        return Saved(
            target=target,
            boot_id=boot_id,
            written_wall_s=wall_s,
            halved_ago_s=now_s - self._halved_s,
            counts={part: round(count, 3) for part, count in self._counts.items()},
            most_s=self._most_s,
            before_most_s=self._before_most_s,
            recent=tuple(self._ring()),
        )

    @classmethod
    def restored(cls, saved: Saved, boot_id: str, now_s: float, wall_s: float) -> "Durations":
        """As they were left; the last hundred only within the same boot, whose clock they are of."""
        away_s = max(0.0, wall_s - saved.written_wall_s)
        found = cls(now_s - max(0.0, saved.halved_ago_s) - away_s)
        found._counts.update(saved.counts)
        found.count = sum(saved.counts.values())
        found._most_s, found._before_most_s = saved.most_s, saved.before_most_s
        if saved.boot_id == boot_id:
            for number, (ended_s, duration_s) in enumerate(saved.recent[-RECENT:]):
                found._recent[2 * number], found._recent[2 * number + 1] = ended_s, duration_s
            found._added = min(RECENT, len(saved.recent))
        return found

    def _halve(self, now_s: float) -> None:
        periods = int((now_s - self._halved_s) // HALF_LIFE_S)
        self._halved_s += periods * HALF_LIFE_S
        kept = {part: count / 2.0 ** min(periods, 60) for part, count in self._counts.items()}
        self._counts = defaultdict(float, {part: count for part, count in kept.items() if count >= _FADED})
        self.count = sum(self._counts.values())
        self._before_most_s, self._most_s = (self._most_s if periods == 1 else 0.0), 0.0

    def _top_s(self) -> float:
        """The longest of this day and the one before; of earlier ones, as exactly as parts tell."""
        return max(self._most_s, self._before_most_s) or 2.0 ** ((max(self._counts) + 1) / _PARTS)

    def _percentiles(self, *shares: float) -> list[float]:
        """Durations that so many do not exceed (nearest rank), as the middle of their part; rising shares."""
        found: list[float] = []
        seen, top_s = 0.0, self._top_s()
        for part, count in sorted(self._counts.items()):
            seen += count
            while len(found) < len(shares) and seen >= shares[len(found)] * self.count:
                found.append(min(top_s, 2.0 ** ((part + 0.5) / _PARTS)))
        return found + [top_s] * (len(shares) - len(found))

    def _ring(self) -> list[tuple[float, float]]:
        """The last ones, oldest first."""
        first = max(0, self._added - RECENT)
        places = (number % RECENT * 2 for number in range(first, self._added))
        return [(self._recent[place], self._recent[place + 1]) for place in places]
