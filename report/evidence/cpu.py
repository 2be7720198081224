"""CPU profiles become rows: each over its own time, on as many lanes as its CPU time needs.

A CPU profile knows how long each stack was on a CPU, and neither when nor on which. So every lane has the
same mixture, in the order of the stacks, and no lane is fuller than its time: weights are true, and where in
the profile's time they lie means nothing.
"""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from model.samples import GONE, Frame, Row, Span, State, TableBuilder, ThreadKind
from report.evidence.profiles import Profile

MOST_LANES = 4096
MOST_ROWS = 1_000_000  # of all lanes of one profile
_NO_FRAME = Frame("(no stack)", "", 0)
_KIND = "cpu"


class Busy(NamedTuple):
    """What one CPU profile tells: CPU time by stack, over a span."""

    span: Span
    stacks_us: dict[tuple[Frame, ...], int]

    @property
    def cpu_us(self) -> int:
        """All CPU time."""
        return sum(self.stacks_us.values())


def busy(profile: Profile, started_us: int, ended_us: int) -> Busy:
    """A CPU profile that was asked for and came at these times; raises ValueError when it is none."""
    kinds = [unit.kind for unit in profile.units]
    if _KIND not in kinds or profile.units[column := kinds.index(_KIND)].unit != "nanoseconds":
        raise ValueError(f"it counts {', '.join(kinds)}, not cpu in nanoseconds")
    stacks_us: Counter[tuple[Frame, ...]] = Counter()
    for frames, values in profile.stacks:
        if values[column] < 0:
            raise ValueError(f"a stack has {values[column]} nanoseconds")
        stacks_us[frames] += values[column] // 1000
    asked_us = ended_us - started_us
    lasted_us = min(profile.duration_ns // 1000, asked_us) if profile.duration_ns > 0 else asked_us
    rate_hz = round(1_000_000_000 / profile.period) if profile.period > 0 else 100
    span = Span(started_us, started_us + max(1, lasted_us), rate_hz)
    found = Busy(span, +stacks_us)
    if _lanes(found) > MOST_LANES:
        raise ValueError(f"it has the time of {_lanes(found)} CPUs")
    if _lanes(found) * len(found.stacks_us) > MOST_ROWS:
        raise ValueError(
            f"it has {len(found.stacks_us)} stacks on {_lanes(found)} CPUs, more than can be shown"
        )
    return found


def _lanes(found: Busy) -> int:
    return -(-found.cpu_us // (found.span.end_us - found.span.start_us))


def rows(found: Busy, pid: int, builder: TableBuilder) -> list[Row]:
    """The lanes' rows, in the order of time."""
    rows = [row for lane in range(_lanes(found)) for row in _lane(found, lane, pid, builder)]
    return sorted(rows, key=lambda row: row.time_us)


def _lane(found: Busy, lane: int, pid: int, builder: TableBuilder) -> Iterator[Row]:
    """One lane: of the microseconds, put in a row, it gets every n-th."""
    lanes = _lanes(found)
    thread = builder.thread(0, f"CPU {lane + 1}", pid, ThreadKind.CPU)
    before_us = taken_us = 0
    for frames, us in sorted(found.stacks_us.items()):
        before_us += us
        until_us = (before_us - lane + lanes - 1) // lanes
        if until_us > taken_us:
            stack = builder.stack(frames or (_NO_FRAME,))
            yield Row(found.span.start_us + taken_us, thread, stack, State.RUNNING)
            taken_us = until_us
    yield Row(found.span.start_us + taken_us, thread, GONE)
