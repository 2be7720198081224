"""The table, summed up: weights by stack, and each thread's call tree by function."""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from model.samples import NO_STACK, STATES, Frame, SampleTable, State
from report.totals import with_callers

ROOT: Final = 0  # the thread itself


class Key(NamedTuple):
    """What weights are summed by."""

    thread: int
    stack: int
    state: State


@dataclass(slots=True)
class Weight:
    """Time, and the number of samples that it stands for."""

    us: int = 0
    samples: float = 0.0


def weights(table: SampleTable) -> dict[Key, Weight]:
    """The time of each thread in each stack and state."""
    found: dict[Key, Weight] = defaultdict(Weight)
    for run in table.runs():
        weight, us = found[Key(run.thread, run.stack, run.state)], run.end_us - run.start_us
        weight.us += us
        weight.samples += us * table.segments[run.segment].rate_hz / 1_000_000
    return found


class Tree:
    """One thread's calls by function: columns over nodes, callers before callees, ROOT first.

    `lines` are those of each node's heaviest stack; `by_state` holds microseconds of a node and all below.
    `stacks` has, for each node with time of its own, the stack that most of this time was spent in.
    """

    def __init__(self) -> None:
        self.functions: list[tuple[str, str]] = [("", "")]
        self.parents = array("l", [-1])
        self.lines = array("l", [0])
        self.total_us = array("q", [0])
        self.own_us: dict[int, dict[State, int]] = {}  # without what is below
        self.by_state: dict[State, array[int]] = {}
        self.stacks: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self.functions)

    def frame(self, node: int) -> Frame:
        """The function of a node and its line."""
        return Frame(*self.functions[node], self.lines[node])

    def children(self, at_least_us: int = 1) -> dict[int, list[int]]:
        """The callees of each node, the heaviest first; light ones are left out."""
        found: dict[int, list[int]] = defaultdict(list)
        for node in range(1, len(self)):
            if self.total_us[node] >= at_least_us:
                found[self.parents[node]].append(node)
        for nodes in found.values():
            nodes.sort(key=self.total_us.__getitem__, reverse=True)
        return found

    def states(self, node: int = ROOT) -> dict[State, int]:
        """Microseconds by state, of a node and all below, the most first."""
        found = {state: column[node] for state, column in self.by_state.items() if column[node]}
        return dict(sorted(found.items(), key=lambda item: -item[1]))


def trees(table: SampleTable, by_key: Mapping[Key, Weight]) -> dict[int, Tree]:
    """Each thread's call tree."""
    by_thread: dict[int, list[tuple[Key, Weight]]] = defaultdict(list)
    for key, weight in by_key.items():
        by_thread[key.thread].append((key, weight))
    numbers: dict[tuple[str, str], int] = {}
    its = [numbers.setdefault((frame.function, frame.file), len(numbers)) for frame in table.frames]
    functions = _Functions(list(numbers), its)
    return {thread: _tree(table, functions, found) for thread, found in by_thread.items()}


class _Functions(NamedTuple):
    """Functions, each once for all trees, and the number of each frame's."""

    names: Sequence[tuple[str, str]]
    of_frame: Sequence[int]


def _tree(table: SampleTable, functions: _Functions, found: Sequence[tuple[Key, Weight]]) -> Tree:
    own_us: dict[int, int] = defaultdict(int)
    for key, weight in found:
        own_us[key.stack] += weight.us
    tree = Tree()
    nodes = _grow(tree, table, functions, with_callers(table, own_us).items())
    for key, weight in found:
        own = tree.own_us.setdefault(nodes[key.stack], {})
        own[key.state] = own.get(key.state, 0) + weight.us
    for stack in sorted({key.stack for key, _ in found}, key=own_us.__getitem__):
        tree.stacks[nodes[stack]] = stack
    sum_up(tree)
    return tree


def _grow(
    tree: Tree, table: SampleTable, functions: _Functions, stacks: Iterable[tuple[int, int]]
) -> dict[int, int]:
    """Add the nodes of stacks; gives the node of each stack."""
    nodes, known = {NO_STACK: ROOT}, dict[int, int]()  # by caller and function, in one number
    heaviest_us = array("q", [0])
    for stack, us in stacks:
        if stack == NO_STACK:
            continue
        top, parent = table.tops[stack], nodes[table.callers[stack]]
        function = functions.of_frame[top]
        node = nodes[stack] = known.setdefault(parent << 32 | function, len(heaviest_us))
        if node == len(heaviest_us):
            tree.functions.append(functions.names[function])
            tree.parents.append(parent)
            tree.lines.append(table.frames[top].line)
            heaviest_us.append(us)
        elif us > heaviest_us[node]:
            heaviest_us[node], tree.lines[node] = us, table.frames[top].line
    tree.total_us = array("q", bytes(8 * len(tree)))
    return nodes


def sum_up(tree: Tree) -> None:
    """Give nodes the time of all below them; callers come before callees."""
    for state in STATES:
        own = {node: us for node, its in tree.own_us.items() if (us := its.get(state, 0))}
        if not own:
            continue
        column = tree.by_state[state] = array("q", bytes(8 * len(tree)))
        for node, us in own.items():
            column[node] = us
        for node in range(len(tree) - 1, ROOT, -1):
            column[tree.parents[node]] += column[node]
        for node, us in enumerate(column):
            tree.total_us[node] += us
