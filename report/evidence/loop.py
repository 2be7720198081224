"""Goroutine dumps become rows: those of the goroutines that run the loop, and of others that moved."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from model.samples import GONE, Frame, Row, Span, TableBuilder, ThreadKind
from report.evidence.goroutines import Goroutine
from report.evidence.looks import LEAST_US

MOST_LOOPS = 8
MOST_OTHERS = 50
MAIN = 1  # the number of the goroutine that runs main.main
_NO_FRAME = Frame("(no stack)", "", 0)
_OBSERVED = re.compile(r"net/http/pprof\.|runtime/pprof\.")

# Functions that run one iteration, by the last part of their name, the surest first
_ITERATIONS = (
    "RunAutoscalerOnce",  # cluster-autoscaler
    "RunOnce",  # cluster-autoscaler's, vertical-pod-autoscaler's
    "runOnce",
    "reconcileHandler",  # controller-runtime: karpenter, cluster-api, keda, operators
    "reconcileAutoscaler",  # horizontal pod autoscaler
    "checkScalers",  # keda's scale loops
    "syncHandler",
)


class Dump(NamedTuple):
    """All goroutines at one monotonic time."""

    at_us: int
    goroutines: tuple[Goroutine, ...]


class Loop(NamedTuple):
    """The goroutines that run the loop; `function` is what they are known by, empty for a mere guess."""

    numbers: frozenset[int]
    function: str


NO_LOOP = Loop(frozenset(), "")


def observes(goroutine: Goroutine) -> bool:
    """Whether a goroutine is there for our sake only: it writes a profile."""
    return ours(goroutine.frames)


def ours(frames: Iterable[Frame]) -> bool:
    """Whether a stack is there for our sake only: it serves a profile."""
    return any(_OBSERVED.match(frame.function) for frame in frames)


def find(dumps: Sequence[Dump]) -> Loop:
    """Those that were most often in a function that runs iterations; or the goroutine of main.main."""
    seen: dict[int, Counter[int]] = defaultdict(Counter)
    functions: dict[int, str] = {}
    for dump in dumps:
        for goroutine in dump.goroutines:
            if (known := _iteration(goroutine)) is not None:
                rank, function = known
                functions.setdefault(rank, function)
                seen[rank][goroutine.number] += 1
    if not seen:
        numbers = {each.number for dump in dumps for each in dump.goroutines}
        return Loop(frozenset({MAIN} & numbers), "")
    surest = min(seen)
    most = max(seen[surest].values())
    numbers = {number for number, looks in seen[surest].items() if looks == most}
    return Loop(frozenset(sorted(numbers)[:MOST_LOOPS]), functions[surest])


def _iteration(goroutine: Goroutine) -> tuple[int, str] | None:
    """The surest of its functions that runs iterations."""
    names = {frame.function.rpartition(".")[2]: frame.function for frame in goroutine.frames}
    return next(
        ((rank, names[name]) for rank, name in enumerate(_ITERATIONS) if name in names),
        None,
    )


def others(dumps: Sequence[Dump], loop: Loop) -> list[int]:
    """Numbers of further goroutines that moved from look to look, those that moved most first."""
    last: dict[int, tuple[Frame, ...]] = {}
    moves: Counter[int] = Counter()
    ours: set[int] = set()
    for dump in dumps:
        for goroutine in dump.goroutines:
            if observes(goroutine):
                ours.add(goroutine.number)
            moves[goroutine.number] += last.get(goroutine.number, goroutine.frames) != goroutine.frames
            last[goroutine.number] = goroutine.frames
    hidden = ours | loop.numbers
    moved = [number for number, times in moves.items() if times and number not in hidden]
    return sorted(moved, key=lambda number: (-moves[number], number))[:MOST_OTHERS]


def add(dumps: Sequence[Dump], loop: Loop, end_us: int, pid: int, builder: TableBuilder) -> bool:
    """Add a segment made of dumps, one at least, in the order of time: each holds until the next.

    Whether there was anything to add: somebody who runs the loop, or who moved.
    """
    shown = loop.numbers | frozenset(others(dumps, loop))
    if not shown:
        return False
    threads: dict[int, int] = {}
    rows: list[Row] = []
    present: set[int] = set()
    for dump in dumps:
        seen = list(_rows(dump, shown, threads, loop, pid, builder))
        now = {row.thread for row in seen}
        rows += (Row(dump.at_us, thread, GONE) for thread in present - now)
        rows += seen
        present = now
    last_us = dumps[-1].at_us
    rate_hz = round((len(dumps) - 1) * 1_000_000 / max(1, last_us - dumps[0].at_us))
    builder.add_beside(Span(dumps[0].at_us, max(end_us, last_us + LEAST_US), max(1, rate_hz)), rows)
    return True


def _rows(
    dump: Dump, shown: frozenset[int], threads: dict[int, int], loop: Loop, pid: int, builder: TableBuilder
) -> Iterator[Row]:
    for goroutine in dump.goroutines:
        if goroutine.number not in shown:
            continue
        frames = goroutine.frames or (_NO_FRAME,)
        if (thread := threads.get(goroutine.number)) is None:
            kind = ThreadKind.LOOP if goroutine.number in loop.numbers else ThreadKind.GOROUTINE
            name = f"goroutine {goroutine.number} {frames[0].function}"
            thread = threads[goroutine.number] = builder.thread(0, name, pid, kind)
        yield Row(dump.at_us, thread, builder.stack(frames), goroutine.state)


def by_number(dump: Dump) -> Mapping[int, Goroutine]:
    """A dump's goroutines by their numbers."""
    return {goroutine.number: goroutine for goroutine in dump.goroutines}
