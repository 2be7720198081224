"""Time by group of threads, stack of functions and state: the form in which profiles are compared."""

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from typing import NamedTuple

from model.samples import NO_STACK, SampleTable, State, Thread
from report.baseline.groups import group_of
from report.tree import Key, Weight, weights


class Function(NamedTuple):
    """A function, wherever in it its line is."""

    name: str
    file: str


class Where(NamedTuple):
    """What seconds are summed by."""

    group: str
    stack: int
    state: State


class Calls:
    """Equal functions and stacks are stored once. A stack's number is above its caller's."""

    def __init__(self) -> None:
        self.functions: list[Function] = []
        self.callers = array("l", [NO_STACK])
        self.tops = array("l", [-1])
        self.seconds: dict[Where, float] = defaultdict(float)
        self._functions: dict[Function, int] = {}
        self._stacks: dict[tuple[int, int], int] = {}

    def call(self, stack: int, function: Function) -> int:
        """The number of the stack that has this function inside another stack."""
        top = self._functions.get(function)
        if top is None:
            top = self._functions[function] = len(self.functions)
            self.functions.append(function)
        found = self._stacks.get((stack, top))
        if found is None:
            found = self._stacks[stack, top] = len(self.tops)
            self.callers.append(stack)
            self.tops.append(top)
        return found

    def stack(self, functions: Iterable[Function]) -> int:
        """The number of a stack given root first."""
        stack = NO_STACK
        for function in functions:
            stack = self.call(stack, function)
        return stack

    def path(self, stack: int) -> tuple[Function, ...]:
        """The functions of a stack, root first."""
        found = []
        while stack != NO_STACK:
            found.append(self.functions[self.tops[stack]])
            stack = self.callers[stack]
        return tuple(reversed(found))

    def by_group(self) -> dict[str, float]:
        """The seconds of each group of threads."""
        found: dict[str, float] = defaultdict(float)
        for where, seconds in self.seconds.items():
            found[where.group] += seconds
        return found

    def weighed(self, seconds: Mapping[Where, float]) -> "Calls":
        """The same functions and stacks with other times; what is added to one is added to the other."""
        other = copy(self)
        other.seconds = defaultdict(float, seconds)
        return other

    def taken(self, other: "Calls") -> list[int]:
        """Know all stacks of another one; their numbers here, by those there."""
        numbers = [NO_STACK]
        for stack in range(1, len(other.tops)):
            numbers.append(self.call(numbers[other.callers[stack]], other.functions[other.tops[stack]]))
        return numbers

    def add(self, other: "Calls", factor: float = 1.0) -> None:
        """Add all of another one, each second so many times."""
        numbers = self.taken(other)
        for where, seconds in other.seconds.items():
            self.seconds[where._replace(stack=numbers[where.stack])] += seconds * factor


def of_table(table: SampleTable, pid: int, by_key: Mapping[Key, Weight] | None = None) -> Calls:
    """The table's weights, lines left out."""
    found = weights(table) if by_key is None else by_key
    return of_weights(table, lambda thread: group_of(thread, pid), found)


def of_weights(table: SampleTable, name: Callable[[Thread], str], by_key: Mapping[Key, Weight]) -> Calls:
    """Weights of a table, by what a thread is called."""
    calls = Calls()
    numbers = {NO_STACK: NO_STACK}
    groups = [name(thread) for thread in table.threads]
    for key, weight in by_key.items():
        stack = _number(calls, table, key.stack, numbers)
        calls.seconds[Where(groups[key.thread], stack, key.state)] += weight.us / 1_000_000
    return calls


def _number(calls: Calls, table: SampleTable, stack: int, numbers: dict[int, int]) -> int:
    """The number here of a stack of the table."""
    missing = []
    while stack not in numbers:
        missing.append(stack)
        stack = table.callers[stack]
    for one in reversed(missing):
        frame = table.frames[table.tops[one]]
        numbers[one] = calls.call(numbers[table.callers[one]], Function(frame.function, frame.file))
    return numbers[missing[0] if missing else stack]
