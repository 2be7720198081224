"""A counter that grows at each end, and nothing that tells of starts."""

from collections.abc import Sequence

from daemon.sources.metrics.contract import Mark, Picks, Scrape, names_of
from daemon.sources.metrics.forms.counts import BORN, Counted, Counter, durations
from daemon.sources.metrics.forms.starts import MOST_ENDS
from daemon.sources.metrics.selectors import Selector
from model.events import EventKind


class Ends:
    """Each end that was counted."""

    come_and_go = False

    def __init__(self, end: Selector) -> None:
        self.needed: Sequence[Picks] = (end,)
        self.uncounted = 0
        self._counter = Counter(end)
        self.names = names_of(self._counter.picks, BORN)
        self._before: tuple[float, Counted] | None = None

    def take(self, scrape: Scrape) -> list[Mark]:
        """The ends since the scrape before; they are as late as it is."""
        now = self._counter.counted(scrape.samples)
        before, self._before = self._before, (scrape.asked_s, now)
        if before is None:
            return []
        seen_s, counted = before
        if now.anew_since(counted):
            counted, rests = now.counted_before(scrape.answered_s - seen_s), True
        else:  # of a time in which nobody could see them, only durations tell
            rests = scrape.gap and now.sum_s is None and now.count > counted.count
        rest = [Mark(kind=EventKind.IDLE, at_s=seen_s)] if rests else []
        return rest + self._ends(scrape, counted, now)

    def failed(self, asked_s: float) -> list[Mark]:
        """The target counts on."""
        return []

    def _ends(self, scrape: Scrape, before: Counted, now: Counted) -> list[Mark]:
        ends = int(now.count - before.count)
        told = min(ends, MOST_ENDS) if now.sum_s is not None else min(ends, 1)
        if not told:
            return []
        self.uncounted += ends - told
        took_s = durations(before, now, told, 0.0)
        return [Mark(kind=EventKind.END, at_s=scrape.answered_s, duration_s=one_s) for one_s in took_s]
