"""Who was in which stack when, small enough for a page however long or busy the capture was."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from model.samples import NO_STACK, STATES, SampleTable
from report.totals import ranked

MOST_RUNS = 120_000  # on one page
MOST_STACKS = 60_000
FINEST_US = 1_000  # the first grid that is tried where there are more
_NUMBERS = {state: number for number, state in enumerate(STATES)}


class Stretch(NamedTuple):
    """A thread in one stack and state; the state is its number."""

    start_us: int
    end_us: int
    stack: int
    state: int


@dataclass(frozen=True)
class Runs:
    """The runs of each thread in the order of time, with stacks numbered anew, callers first.

    `grid_us` is 0 where every run is there; otherwise one look every so many microseconds is.
    `cut_us` is time whose stack was too rare to be kept in full: it is in the stack's caller.
    """

    threads: Mapping[int, Sequence[Stretch]]
    callers: Sequence[int]  # of each stack; the first is the one without frames
    tops: Sequence[int]  # frames
    grid_us: int
    cut_us: int
    left_out: int = 0  # threads


def pack(
    table: SampleTable,
    shown: Iterable[int] | None = None,
    most_runs: int = MOST_RUNS,
    most_stacks: int = MOST_STACKS,
) -> Runs:
    """The runs of some threads, or of all: equal neighbours are one; too many are looked at on a grid."""
    every = _joined(table)
    order = sorted(every) if shown is None else [thread for thread in shown if thread in every]
    by_thread = {thread: every[thread] for thread in order}
    grid_us = 0
    threads: Mapping[int, Sequence[Stretch]] = by_thread
    while sum(map(len, threads.values())) > most_runs:
        grid_us = grid_us * 2 or FINEST_US
        threads = {thread: list(_on_grid(runs, grid_us)) for thread, runs in by_thread.items()}
    kept, cut_us = _kept(table, threads, most_stacks)
    numbers = {stack: number for number, stack in enumerate(kept)}
    renamed = {thread: list(_renamed(table, runs, numbers)) for thread, runs in threads.items()}
    callers = [numbers[table.callers[stack]] if stack != NO_STACK else 0 for stack in kept]
    left_out = len(every) - len(by_thread)
    return Runs(renamed, callers, [table.tops[stack] for stack in kept], grid_us, cut_us, left_out)


def _joined(table: SampleTable) -> dict[int, list[Stretch]]:
    by_thread: dict[int, list[Stretch]] = {}
    for thread, stack, start_us, end_us, state, _ in table.runs():
        runs = by_thread.setdefault(thread, [])
        _append(runs, Stretch(start_us, end_us, stack, _NUMBERS[state]))
    for runs in by_thread.values():
        runs.sort()
    return by_thread


def _append(runs: list[Stretch], new: Stretch) -> None:
    """Add a run; one that goes on as before makes the last one longer."""
    if runs:
        last = runs[-1]
        if last.end_us == new.start_us and last.stack == new.stack and last.state == new.state:
            runs[-1] = Stretch(last.start_us, new.end_us, new.stack, new.state)
            return
    runs.append(new)


def _on_grid(runs: Iterable[Stretch], grid_us: int) -> Sequence[Stretch]:
    """What was in the middle of each cell, for the whole cell: as a slower sampler would have seen it."""
    found: list[Stretch] = []
    for start_us, end_us, stack, state in runs:
        first = (start_us + grid_us // 2) // grid_us
        last = (end_us + grid_us // 2) // grid_us
        if last > first:
            _append(found, Stretch(first * grid_us, last * grid_us, stack, state))
    return found


def _kept(table: SampleTable, threads: Mapping[int, Iterable[Stretch]], most: int) -> tuple[list[int], int]:
    """The heaviest stacks with their callers, in ascending order, and the time that is in no kept stack."""
    own_us: dict[int, int] = {}
    for runs in threads.values():
        for run in runs:
            own_us[run.stack] = own_us.get(run.stack, 0) + run.end_us - run.start_us
    kept = set(ranked(table, own_us)[:most])
    return sorted(kept), sum(us for stack, us in own_us.items() if stack not in kept)


def _renamed(table: SampleTable, runs: Iterable[Stretch], numbers: Mapping[int, int]) -> Iterator[Stretch]:
    found: list[Stretch] = []
    for run in runs:
        stack = run.stack
        while stack not in numbers:
            stack = table.callers[stack]
        _append(found, Stretch(run.start_us, run.end_us, numbers[stack], run.state))
    return iter(found)
