"""No series at all: what does not answer is taken for an iteration that began with the first failure."""

from collections.abc import Sequence

from daemon.sources.metrics.contract import Mark, Names, Picks, Scrape
from model.events import EventKind


class Unanswered:
    """In flight from the first scrape that failed until one is answered."""

    come_and_go = True
    needed: Sequence[Picks] = ()
    names: Names = {}
    uncounted = 0

    def __init__(self) -> None:
        self._number = 0
        self._open = False

    def take(self, scrape: Scrape) -> list[Mark]:
        """It answers."""
        if not self._open:
            return []
        self._open = False
        return [Mark(kind=EventKind.END, at_s=scrape.answered_s, iteration=self._name())]

    def failed(self, asked_s: float) -> list[Mark]:
        """It does not."""
        if self._open:
            return []
        self._open = True
        self._number += 1
        return [Mark(kind=EventKind.START, at_s=asked_s, iteration=self._name())]

    def _name(self) -> str:
        return f"no answer #{self._number}"
