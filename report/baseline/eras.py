"""Eras as calls, and calls as eras."""

from model.baseline import Baseline, Era, Weighed
from model.samples import STATES
from report.baseline.calls import Calls, Function, Where

_LEAST_S = 1e-6  # less has faded away


def calls(era: Era) -> Calls:
    """What an era holds. Raises ValueError for one that is damaged."""
    found = Calls()
    if len(era.callers) != len(era.tops) or not era.tops:
        raise ValueError("callers and tops of its stacks differ in number")
    numbers = [0]
    for stack in range(1, len(era.tops)):
        caller = era.callers[stack]
        if not 0 <= caller < stack or not 0 <= era.tops[stack] < len(era.functions):
            raise ValueError(f"stack {stack} has no such caller or function")
        numbers.append(found.call(numbers[caller], Function(*era.functions[era.tops[stack]])))
    for group, stack, state, seconds in map(_fields, era.weights):
        if not (0 <= group < len(era.groups) and 0 <= stack < len(numbers) and 0 <= state < len(STATES)):
            raise ValueError("a weight has no such group, stack or state")
        found.seconds[Where(era.groups[group], numbers[stack], STATES[state])] += seconds
    return found


def _fields(one: Weighed) -> tuple[int, int, int, float]:
    return one.group, one.stack, one.state, one.s


class Columns:
    """The fields of an era that calls become; stacks without weight are left out."""

    def __init__(self, source: Calls) -> None:
        self.groups: dict[str, int] = {}
        self.functions: dict[Function, int] = {}
        self.callers, self.tops = [0], [-1]
        self._source, self._numbers = source, {0: 0}
        self.weights = tuple(
            Weighed(
                self.groups.setdefault(where.group, len(self.groups)),
                self._stack(where.stack),
                STATES.index(where.state),
                round(seconds, 6),
            )
            for where, seconds in sorted(source.seconds.items())
            if seconds >= _LEAST_S
        )

    def _stack(self, stack: int) -> int:
        missing = []
        while stack not in self._numbers:
            missing.append(stack)
            stack = self._source.callers[stack]
        for one in reversed(missing):
            function = self._source.functions[self._source.tops[one]]
            self.callers.append(self._numbers[self._source.callers[one]])
            self.tops.append(self.functions.setdefault(function, len(self.functions)))
            self._numbers[one] = len(self.tops) - 1
        return self._numbers[missing[0] if missing else stack]


def chosen(baseline: Baseline, sampler: str = "", code_version: str = "") -> Era | None:
    """The era to compare with: one with enough in it, of the same sampler and code, the newest of these."""
    ranked = sorted(
        (era.enough, era.sampler == sampler, era.code_version == code_version, number)
        for number, era in enumerate(baseline.eras)
        if era.sampled_s > 0
    )
    return baseline.eras[ranked[-1][3]] if ranked else None
