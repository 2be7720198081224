"""What the parts of the metrics source say to each other: scrapes, and the marks that forms find in them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

import msgspec

from model.events import EventKind


class Sample(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One line of an exposition."""

    name: str
    labels: dict[str, str]
    value: float


class Scrape(msgspec.Struct, frozen=True, kw_only=True):
    """What one answer said of the series that are looked at. Times but `wall_s` are monotonic."""

    asked_s: float
    answered_s: float  # when it began to answer: what it says was so before
    wall_s: float  # the target's own clock at that time (Unix time)
    samples: Sequence[Sample]
    gap: bool = False  # the scrape before this one failed


class Mark(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Something that happened to an iteration."""

    kind: EventKind
    at_s: float
    iteration: str | None = None
    duration_s: float | None = None


class Picks(Protocol):
    """Picks series."""

    text: str  # as it is written in the configuration
    name: str
    literals: frozenset[bytes]  # what is in every line that is meant, between quotes

    def picked(self, samples: Sequence[Sample]) -> Iterator[Sample]:
        """Those of the samples that are meant."""


# Names of series, with the literals of the lines that are meant; None for one that only small answers are
# searched for.
Names = Mapping[str, frozenset[bytes] | None]


def names_of(picks: Iterable[Picks], *minor: str) -> Names:
    """What to look for; lines of a name that is meant twice have what both have in common."""
    names: dict[str, frozenset[bytes]] = {}
    for one in picks:
        names[one.name] = one.literals & names.get(one.name, one.literals)
    return {**dict.fromkeys(minor), **names}


class Form(Protocol):
    """One form in which series tell of a loop. Pure."""

    @property
    def needed(self) -> Sequence[Picks]:
        """What has to be there while the loop turns: one series each, or any number that come and go."""

    @property
    def come_and_go(self) -> bool:
        """Whether a healthy loop may have none of its series."""

    @property
    def names(self) -> "Names":
        """The names of all series that are looked at."""

    @property
    def uncounted(self) -> int:
        """How many iterations were too many to be told one by one."""

    def take(self, scrape: Scrape) -> list[Mark]:
        """What happened since the scrape before, in order."""

    def failed(self, asked_s: float) -> list[Mark]:
        """A scrape had no answer that can be used."""
