"""Where each thread was for most of the time."""

from collections import defaultdict
from collections.abc import Mapping

from model.manifest import TopStack
from model.samples import SampleTable, State, Thread
from report.places import Origin, frame_text, origin, rank
from report.tree import ROOT, Tree


def top_stacks(table: SampleTable, trees: Mapping[int, Tree], pid: int) -> tuple[TopStack, ...]:
    """The heaviest stack and function of each thread: the main thread first, those that only wait last."""
    threads = sorted(trees, key=lambda thread: _rank(table.threads[thread], trees[thread], pid))
    return tuple(_top(table, table.threads[thread], trees[thread]) for thread in threads)


def _rank(thread: Thread, tree: Tree, pid: int) -> tuple[int, bool, int, int]:
    only_waits = set(tree.by_state) <= {State.WAITING}
    return rank(thread, pid), only_waits, -tree.total_us[ROOT], thread.os_id


def _top(table: SampleTable, thread: Thread, tree: Tree) -> TopStack:
    own_us = {node: sum(own.values()) for node, own in tree.own_us.items()}
    heaviest = max(own_us, key=own_us.__getitem__)
    functions: dict[tuple[str, str], int] = defaultdict(int)
    for node, us in own_us.items():
        functions[_culprit(tree, node)] += us
    culprit = max(functions, key=functions.__getitem__)
    states = tree.own_us[heaviest]
    return TopStack(
        thread=thread.name,
        os_thread_id=thread.os_id,
        share=round(own_us[heaviest] / tree.total_us[ROOT], 4),
        function_share=round(functions[culprit] / tree.total_us[ROOT], 4),
        function=culprit[0],
        frames=tuple(map(frame_text, table.stack_frames(tree.stacks[heaviest]))),
        state=max(states, key=states.__getitem__),
        seconds=round(tree.total_us[ROOT] / 1e6, 3),
    )


def _culprit(tree: Tree, node: int) -> tuple[str, str]:
    """The innermost function outside the standard library, or the innermost of all."""
    step = node
    while step != ROOT:
        if origin(tree.functions[step][1]) is not Origin.STANDARD:
            return tree.functions[step]
        step = tree.parents[step]
    return tree.functions[node]
