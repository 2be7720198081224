"""Gauges of the seconds for which something has been in flight, each series by itself."""

import math
from collections.abc import Iterator, Sequence

import msgspec

from daemon.sources.metrics.contract import Mark, Picks, Sample, Scrape, names_of
from daemon.sources.metrics.forms.counts import BORN
from daemon.sources.metrics.selectors import Selector
from model.events import EventKind

MOST_SERIES = 1000
SLACK_S = 2.0  # a gauge is not brought up to date at every moment
_LONGEST_NAME = 200

_Key = tuple[int, tuple[tuple[str, str], ...]]


class _Running(msgspec.Struct, frozen=True, kw_only=True):
    """An iteration, as it was last seen."""

    name: str
    started_s: float
    seen_s: float
    value: float


class Ages:
    """Iterations side by side, one for each series.

    A series with the label `iteration` stands for one: that is in flight while the series is there, whatever
    its value. One without it stands for what has run longest, one iteration after the other: 0 is none; less
    than before, or growth much below the time that has passed, is another one; the very same is a gauge that
    nobody brings up to date, as when the loop itself does that and hangs.
    """

    come_and_go = True
    uncounted = 0

    def __init__(self, gauges: Sequence[Selector], iteration: str | None) -> None:
        self.needed: Sequence[Picks] = gauges
        self.names = names_of(gauges, BORN)
        self._gauges = gauges
        self._iteration = iteration
        self._running: dict[_Key, _Running] = {}
        self._number = 0

    def take(self, scrape: Scrape) -> list[Mark]:
        """What began and what ended since the scrape before."""
        marks: list[Mark] = []
        seen: set[_Key] = set()
        for key, sample in self._in_flight(scrape.samples):
            old = self._running.get(key)
            if old is not None and not self._goes_on(old, sample, scrape):
                marks.append(_end(self._running.pop(key), scrape))
                old = None
            if old is None and len(self._running) >= MOST_SERIES:
                continue
            seen.add(key)
            self._running[key] = self._seen(old, sample, scrape)
            if old is None:
                began = self._running[key]
                marks.append(Mark(kind=EventKind.START, at_s=began.started_s, iteration=began.name))
        gone = [key for key in self._running if key not in seen]
        return [_end(self._running.pop(key), scrape) for key in gone] + marks

    def failed(self, asked_s: float) -> list[Mark]:
        """The target knows: its next answer tells."""
        return []

    def _in_flight(self, samples: Sequence[Sample]) -> Iterator[tuple[_Key, Sample]]:
        for place, gauge in enumerate(self._gauges):
            for sample in gauge.picked(samples):
                least = 0.0 if self._identified(sample) else math.ulp(0.0)
                if math.isfinite(sample.value) and sample.value >= least:
                    yield (place, tuple(sorted(sample.labels.items()))), sample

    def _identified(self, sample: Sample) -> bool:
        return self._iteration is not None and self._iteration in sample.labels

    def _goes_on(self, old: _Running, sample: Sample, scrape: Scrape) -> bool:
        """Whether it still is the iteration of before."""
        if self._identified(sample) or sample.value == old.value:
            return True
        started_s = scrape.answered_s - sample.value
        return sample.value > old.value and started_s <= old.started_s + SLACK_S

    def _seen(self, old: _Running | None, sample: Sample, scrape: Scrape) -> _Running:
        if old is None:
            name, started_s = self._named(sample), scrape.answered_s - sample.value
        else:
            name, started_s = old.name, old.started_s
        return _Running(name=name, started_s=started_s, seen_s=scrape.asked_s, value=sample.value)

    def _named(self, sample: Sample) -> str:
        """The values of its labels; with a number, where the series does not tell one from the next."""
        values = dict.fromkeys(value for _, value in sorted(sample.labels.items()) if value)
        name = "/".join(values)[:_LONGEST_NAME] or sample.name
        if self._identified(sample):
            return name
        self._number += 1
        return f"{name} #{self._number}"


def _end(one: _Running, scrape: Scrape) -> Mark:
    """It ended after it was last seen, nobody knows when: it took at least so long."""
    least_s = max(one.seen_s - one.started_s, 0.0)
    return Mark(kind=EventKind.END, at_s=scrape.answered_s, iteration=one.name, duration_s=least_s)
