"""What goes wrong in the API and its cluster, and when: all of it follows from a seed."""

import random
from collections.abc import Iterator

import msgspec

STATUSES = (500, 503)
REFUSED, SILENT = "refused", "silent"
_JITTER = 0.25


class Fate(msgspec.Struct, frozen=True):
    """What becomes of a request: how long its answer takes, and its status where that is an error."""

    latency_s: float
    error: int = 0


def fate(seed: int, number: int, latency_s: float, error_rate: float) -> Fate:
    """That of the request with this number, whenever it comes; latencies scatter around the given one."""
    dice = random.Random(f"request:{seed}:{number}")  # noqa: S311  # chance, no secrets
    taken_s = latency_s * dice.lognormvariate(0, _JITTER)
    return Fate(taken_s, dice.choice(STATUSES) if dice.random() < error_rate else 0)


class Outage(msgspec.Struct, frozen=True):
    """A time in which the API cannot be reached: connections are refused, or nothing is answered."""

    starts_s: float
    ends_s: float
    kind: str


class Outages:
    """One of a length somewhere in each stretch of time."""

    def __init__(self, seed: int, length_s: float, every_s: float) -> None:
        self._seed = seed
        self._length_s, self._every_s = length_s, every_s

    def at(self, now_s: float) -> Outage | None:
        """The one that goes on now."""
        if self._length_s <= 0:
            return None
        found = self.of_stretch(int(now_s / self._every_s))
        return found if found.starts_s <= now_s < found.ends_s else None

    def of_stretch(self, number: int) -> Outage:
        """The one of the stretch with this number."""
        dice = random.Random(f"outage:{self._seed}:{number}")  # noqa: S311  # chance, no secrets
        starts_s = number * self._every_s + dice.uniform(0, self._every_s - self._length_s)
        return Outage(starts_s, starts_s + self._length_s, dice.choice((REFUSED, SILENT)))


def failures(seed: int, per_s: float) -> Iterator[float]:
    """When nodes fail, one after the other, without end; never without a rate."""
    dice, at_s = random.Random(f"failures:{seed}"), 0.0  # noqa: S311  # chance, no secrets
    while per_s > 0:
        at_s += dice.expovariate(per_s)
        yield at_s
