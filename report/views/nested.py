"""Calls over time, well nested, of threads' runs: without the shortest ones, where there are too many."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final, NamedTuple

from model.samples import NO_STACK, STATES, Run, SampleTable, State

_NUMBERS: Final = {state: number for number, state in enumerate(STATES)}

_Path = tuple[int, ...]  # stacks, outermost first; with states, below zero the innermost one's state


class Call(NamedTuple):
    """A frame, or below the innermost one the thread's state, from when on and for how long."""

    start_us: int
    depth: int
    length_us: int
    frame: int  # of the table; -1 and below: a state


class Block(NamedTuple):
    """Calls of a path between two depths that began together and ended together."""

    start_us: int
    end_us: int
    first: int
    last: int  # exclusive
    path: _Path


def calls(table: SampleTable, blocks: Iterable[Block], least_us: int = 0) -> list[Call]:
    """The calls of one thread that are no shorter, callers first."""
    found = []
    for start_us, end_us, first, last, path in blocks:
        if (length_us := end_us - start_us) >= least_us:
            found += [
                Call(start_us, depth, length_us, _frame(table, path[depth])) for depth in range(first, last)
            ]
    found.sort()
    return found


def shortest_us(every: Iterable[Iterable[Block]], most: int) -> int:
    """How long a call must be so that no more than `most` are; what is called is never longer."""
    by_bits: Counter[int] = Counter()
    for start_us, end_us, first, last, _ in chain.from_iterable(every):
        by_bits[(end_us - start_us).bit_length()] += last - first
    kept = by_bits.total()
    for bits in sorted(by_bits):
        if kept <= most:
            return 0 if kept == by_bits.total() else 1 << (bits - 1)
        kept -= by_bits[bits]
    return 1 << 62 if by_bits else 0


def blocks(table: SampleTable, runs: Iterable[Run], *, states: bool = False) -> Iterator[Block]:
    """One thread's, in the order of their ends; with `states` what it did in the innermost calls is one, too.

    A gap ends all that is open.
    """
    paths: dict[tuple[int, State], _Path] = {}
    path: _Path = ()
    begun: list[tuple[int, int]] = []  # from which depth on, and when
    last_us = 0
    for run in runs:
        key = run.stack, run.state if states else State.UNKNOWN
        if (new := paths.get(key)) is None:
            new = paths[key] = _path(table, *key)
        kept = _common(path, new) if run.start_us == last_us else 0
        if kept < len(path):
            yield from _ended(path, begun, kept, last_us)
        if kept < len(new):
            begun.append((kept, run.start_us))
        path, last_us = new, run.end_us
    yield from _ended(path, begun, 0, last_us)


def _ended(path: _Path, begun: list[tuple[int, int]], kept: int, at_us: int) -> Iterator[Block]:
    """What is open from a depth on."""
    last = len(path)
    while begun and last > kept:
        first, start_us = begun[-1]
        if first >= kept:
            begun.pop()
        yield Block(start_us, at_us, max(first, kept), last, path)
        last = first


def _common(old: _Path, new: _Path) -> int:
    """How many of the outermost are equal: each tells all that are outside of it."""
    low, high = 0, min(len(old), len(new))
    while low < high:
        middle = (low + high) // 2
        if old[middle] == new[middle]:
            low = middle + 1
        else:
            high = middle
    return low


def _path(table: SampleTable, stack: int, state: State) -> _Path:
    found = [] if state is State.UNKNOWN else [-1 - _NUMBERS[state] - stack * len(STATES)]
    while stack != NO_STACK:
        found.append(stack)
        stack = table.callers[stack]
    return tuple(reversed(found))


def _frame(table: SampleTable, one: int) -> int:
    return table.tops[one] if one >= 0 else -1 - (-1 - one) % len(STATES)
