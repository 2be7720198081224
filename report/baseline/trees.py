"""A baseline as call trees, for the page's difference graph."""

from model.baseline import Era
from model.samples import NO_STACK, State
from report.baseline import eras
from report.baseline.calls import Calls
from report.tree import ROOT, Tree, sum_up


def baseline_trees(era: Era) -> dict[str, Tree]:
    """The call tree of each group of threads, in microseconds of sampled time; raises ValueError if damaged.

    Functions have no lines: healthy iterations are kept by function.
    """
    return calls_trees(eras.calls(era))


def calls_trees(calls: Calls) -> dict[str, Tree]:
    """The call tree of each group of threads."""
    return {group: _tree(calls, group) for group in calls.by_group()}


def _tree(calls: Calls, group: str) -> Tree:
    own: dict[int, dict[State, int]] = {}
    for where, seconds in calls.seconds.items():
        if where.group == group:
            own.setdefault(where.stack, {})[where.state] = round(seconds * 1_000_000)
    tree, nodes = Tree(), {NO_STACK: ROOT}
    for stack in sorted(_with_callers(calls, own)):
        if stack != NO_STACK:
            nodes[stack] = len(tree)
            function = calls.functions[calls.tops[stack]]
            tree.functions.append((function.name, function.file))
            tree.parents.append(nodes[calls.callers[stack]])
            tree.lines.append(0)
            tree.total_us.append(0)
    tree.own_us = {nodes[stack]: states for stack, states in own.items()}
    sum_up(tree)
    return tree


def _with_callers(calls: Calls, stacks: dict[int, dict[State, int]]) -> set[int]:
    found: set[int] = set()
    for stack in stacks:
        while stack not in found:
            found.add(stack)
            stack = calls.callers[stack]
    return found
