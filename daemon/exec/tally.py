"""What was seen of a command's iterations: how long they took, and which overran."""

from array import array
from math import ceil

import msgspec

from daemon.watch.iterations import Ended
from model.events import Trigger

MOST_TOLD = 20
MOST_OPEN = 1000


class Slow(msgspec.Struct, frozen=True, kw_only=True):
    """An iteration worth telling."""

    name: str | None
    duration_s: float
    ended: bool = True  # False: it was never seen to end, and took at least this long
    overran: bool = True
    number: int = 0  # the how manieth it was to end

    def __str__(self) -> str:
        if self.name or self.number:
            return f"iteration {self.name or f'number {self.number}'}"
        return "an iteration" if self.ended else "an unfinished iteration"


class Tally:
    """Counts every iteration, and remembers the slowest."""

    def __init__(self) -> None:
        self.overruns = 0
        self._durations_s = array("d")
        self._slowest: list[Slow] = []
        self._open: dict[tuple[str | None, float | None], Trigger] = {}  # overran, and are in flight
        self._numbers: dict[float | None, int] = {}  # of what overran and ended, by when it was seen to start

    def take(self, what: Ended | Trigger) -> None:
        """Take the end of an iteration, or a trigger of one in flight."""
        if isinstance(what, Trigger):
            self.overruns += what.fired == 1
            self._open[what.iteration, what.started_s] = what
            if len(self._open) > MOST_OPEN:
                del self._open[next(iter(self._open))]
            return
        self.overruns += what.unseen
        self._durations_s.append(what.ended_s - what.started_s)
        if what.overran and not what.unseen:
            self._close(what)
        self._keep(
            Slow(
                name=what.iteration,
                duration_s=what.ended_s - what.started_s,
                overran=what.overran,
                number=len(self._durations_s),
            )
        )

    @property
    def iterations(self) -> int:
        """How many ended."""
        return len(self._durations_s)

    @property
    def many(self) -> str:
        """How many there were, in words; what never ended and overran is told apart."""
        ended = "1 iteration" if self.iterations == 1 else f"{self.iterations} iterations"
        return ended + (f" and {len(self._open)} unfinished" if self._open else "")

    def named(self, trigger: Trigger) -> str:
        """The iteration that brought a trigger, in the words that are used of it elsewhere."""
        number = self._numbers.get(trigger.started_s, 0)
        return str(Slow(name=trigger.iteration, duration_s=0.0, ended=number > 0, number=number))

    def durations_s(self) -> list[float]:
        """How long each took, the shortest first; what never ended and overran counts with its known age."""
        return sorted([*self._durations_s, *(one.duration_s for one in self._unended())])

    def slowest(self) -> list[Slow]:
        """The slowest first."""
        found = [*self._slowest, *self._unended()]
        return sorted(found, key=lambda one: one.duration_s, reverse=True)[:MOST_TOLD]

    def _unended(self) -> list[Slow]:
        return [
            Slow(name=one.iteration, duration_s=one.age_s or 0.0, ended=False) for one in self._open.values()
        ]

    def _close(self, ended: Ended) -> None:
        """Forget an iteration that was in flight; an end may name it when its start did not."""
        named = (key for key in self._open if key[0] == ended.iteration)
        if (key := next(named, next(iter(self._open), None))) is not None:
            self._numbers[self._open.pop(key).started_s] = self.iterations
            if len(self._numbers) > MOST_OPEN:
                del self._numbers[next(iter(self._numbers))]

    def _keep(self, one: Slow) -> None:
        self._slowest.append(one)
        if len(self._slowest) > 2 * MOST_TOLD:
            self._slowest.sort(key=lambda one: one.duration_s, reverse=True)
            del self._slowest[MOST_TOLD:]


def percentile(ordered: list[float], percent: float) -> float:
    """The value that so many per cent do not exceed (nearest rank); `ordered` is not empty."""
    return ordered[max(0, ceil(len(ordered) * percent / 100) - 1)]
