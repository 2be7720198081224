"""A gauge of when the last iteration started, and a counter that grows at each end."""

from collections.abc import Sequence

import msgspec

from daemon.sources.metrics.contract import Mark, Picks, Scrape, names_of
from daemon.sources.metrics.forms.counts import BORN, Counted, Counter, durations
from daemon.sources.metrics.selectors import Selector
from model.events import EventKind

MOST_ENDS = 100  # told of one scrape
CLOCK_SLACK_S = 2.0  # `Date` and many gauges count whole seconds


class _Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What a scrape said."""

    at_s: float  # it was so when this was asked
    start: float  # Unix time; 0 before the first
    ends: Counted


class Starts:
    """In flight is what started, and of which no end was counted since.

    What scrapes alone cannot tell (did it end before we looked? is it one of several that ended?) time tells:
    a start that is older than the longest pause, with none after it, is in flight.
    """

    come_and_go = False

    def __init__(self, start: Selector, end: Selector, pause_s: float) -> None:
        self.needed: Sequence[Picks] = (start, end)
        self.uncounted = 0
        self._start = start
        self._counter = Counter(end)
        self.names = names_of((start, *self._counter.picks), BORN)
        self._pause_s = pause_s
        self._before: _Seen | None = None
        self._started_s = float("-inf")  # of the last start
        self._in_flight: bool | None = None  # whether that has no end; None: it cannot be told yet
        self._told = False  # its start was
        self._last_s = float("-inf")  # the time of the last mark: they come in order

    def take(self, scrape: Scrape) -> list[Mark]:
        """What happened since the scrape before."""
        start = max((one.value for one in self._start.picked(scrape.samples)), default=0.0)
        ends = self._counter.counted(scrape.samples)
        now = _Seen(at_s=scrape.asked_s, start=start if start > 0 else 0.0, ends=ends)  # a NaN is none, too
        before, self._before = self._before, now
        if not now.start:
            return self._rest(before) if before is not None and before.start else []
        marks: list[Mark] = []
        if before is not None:
            anew = now.ends.anew_since(before.ends)
            if anew or now.start < before.start:
                marks += self._rest(before)
                ends = now.ends.counted_before(scrape.answered_s - before.at_s) if anew else before.ends
                before = _Seen(at_s=before.at_s, start=0.0, ends=ends)
        if before is None:
            self._started_s, self._in_flight = self._placed(scrape, now, float("-inf")), None
        else:
            marks += self._moved(before, now, scrape)
        return marks + self._settled(scrape)

    def failed(self, asked_s: float) -> list[Mark]:
        """The target knows: its next answer tells."""
        return []

    def _moved(self, before: _Seen, now: _Seen, scrape: Scrape) -> list[Mark]:
        """What the difference between two scrapes tells."""
        ends = int(now.ends.count - before.ends.count)
        started = now.start != before.start
        last_s, was_in_flight = self._started_s, self._in_flight
        if started:
            self._started_s = self._placed(scrape, now, before.at_s)
        at_s = max(self._started_s if started else scrape.answered_s, self._last_s)
        marks: list[Mark] = []
        least_s = before.at_s - last_s if self._told else 0.0
        if ends:
            took_s = durations(before.ends, now.ends, min(ends, MOST_ENDS), least_s)
            marks = self._ended(at_s, took_s, least_s if scrape.gap else None)
            least_s = max(least_s, took_s[0] or 0.0) if self._told else least_s
            self.uncounted += max(0, ends - MOST_ENDS)
            self._told = False
        if started:
            # One that was in flight has one of the ends; what is left of them may hold the end of the last.
            left = ends - 1 if was_in_flight else ends
            self._in_flight, self._told = (True if left <= 0 else None), False
        elif ends:  # the next may have started within the second that a gauge of whole seconds shows
            again = now.start.is_integer() and least_s < 1.0
            self._in_flight = None if again else False
        return self._noted(marks)

    def _ended(self, at_s: float, took_s: Sequence[float | None], least_s: float | None) -> list[Mark]:
        """Ends, and a start before each but that of the iteration whose start was told."""
        marks: list[Mark] = []
        for place, one_s in enumerate(took_s):
            told = self._told and place == 0
            if not told and one_s is not None:
                marks.append(Mark(kind=EventKind.START, at_s=at_s))
            if told and one_s is None:
                one_s = least_s  # of a time in which nobody could see it, the least
            marks.append(Mark(kind=EventKind.END, at_s=at_s, duration_s=one_s))
        return marks

    def _settled(self, scrape: Scrape) -> list[Mark]:
        """Tell of what is in flight, once that is sure."""
        if self._in_flight is None and scrape.answered_s - self._started_s > self._pause_s:
            self._in_flight = True
        if not self._in_flight or self._told:
            return []
        self._told = True
        return self._noted([Mark(kind=EventKind.START, at_s=max(self._started_s, self._last_s))])

    def _rest(self, before: _Seen) -> list[Mark]:
        """The process is another one, or has no such series: it was last seen at the scrape before."""
        self._in_flight, self._told = None, False
        return self._noted([Mark(kind=EventKind.IDLE, at_s=max(before.at_s, self._last_s))])

    def _placed(self, scrape: Scrape, now: _Seen, after_s: float) -> float:
        """When it started on our own clock: its age by the target's, if the scrapes around can confirm that.

        Where they show that one of the clocks is wrong, it counts from its first sight.
        """
        after_s = max(after_s, self._last_s)
        by_clock_s = scrape.answered_s - (scrape.wall_s - now.start)
        if not after_s - CLOCK_SLACK_S <= by_clock_s <= scrape.answered_s:
            return scrape.answered_s
        return max(by_clock_s, after_s)

    def _noted(self, marks: list[Mark]) -> list[Mark]:
        self._last_s = max((self._last_s, *(mark.at_s for mark in marks)))
        return marks
