"""What was sampled within spans of time, counted by samples: idle time between short ones stays out."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence

from model.samples import Run, SampleTable
from report.tree import Key, Weight


def within(table: SampleTable, spans: Sequence[tuple[int, int]]) -> tuple[dict[Key, Weight], int]:
    """Weights within [start_us, end_us) spans in the order of time, and how much of them was sampled.

    A run holds from one sample to the next, but only the moments of samples were seen: where spans are as
    short as a sampler's period, all else is guessed. So each sample in a span stands for one period.
    """
    grid = _Grid(spans)
    found: dict[Key, Weight] = defaultdict(Weight)
    for run in table.runs():
        rate_hz = table.segments[run.segment].rate_hz
        us = grid.seen_us(run, rate_hz) if rate_hz else sum(grid.covered(run.start_us, run.end_us))
        if us:
            weight = found[Key(run.thread, run.stack, run.state)]
            weight.us += us
            weight.samples += us * rate_hz / 1_000_000
    sampled_us, before_us = 0, 0
    for span in sorted(table.segments):
        sampled_us += sum(grid.covered(max(span.start_us, before_us), span.end_us))
        before_us = max(before_us, span.end_us)
    return dict(found), sampled_us


class _Grid:
    """Finds the moments of samples; where a run was cut, the moments go on."""

    def __init__(self, spans: Sequence[tuple[int, int]]) -> None:
        self._spans = spans
        self._starts = [start_us for start_us, _ in spans]
        self._next: dict[int, tuple[int, int, int, float]] = {}  # by thread: segment, stack, end, next moment

    def covered(self, start_us: int, end_us: int) -> list[int]:
        """How much of each span lies in a stretch of time."""
        found = []
        for start, end in self._spans[max(0, bisect_right(self._starts, start_us) - 1) :]:
            if start >= end_us:
                break
            if (us := min(end, end_us) - max(start, start_us)) > 0:
                found.append(us)
        return found

    def seen_us(self, run: Run, rate_hz: int) -> int:
        """One period for each sample of a run that fell into a span."""
        period_us = 1_000_000 / rate_hz
        segment, stack, ended_us, moment_us = self._next.get(run.thread, (-1, -1, -1, 0.0))
        if (segment, stack, ended_us) != (run.segment, run.stack, run.start_us):
            moment_us = run.start_us
        seen, place = 0, max(0, bisect_right(self._starts, run.start_us) - 1)
        while moment_us < run.end_us and place < len(self._spans):
            start_us, end_us = self._spans[place]
            if moment_us >= end_us:
                place += 1
                continue
            if moment_us >= start_us:
                seen += 1
            moment_us += period_us
        while moment_us < run.end_us:
            moment_us += period_us
        self._next[run.thread] = (run.segment, run.stack, run.end_us, moment_us)
        return round(seen * period_us)
