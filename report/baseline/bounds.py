"""Keeps a baseline small: its lightest stacks are counted to their callers."""

import heapq
from collections import defaultdict
from collections.abc import Sequence

import msgspec

from model import coding
from model.baseline import Era
from model.samples import State
from report.baseline import eras
from report.baseline.calls import Calls, Where

_LEAST = 0.05  # of the stacks, at once: then its size is looked at again


def bounded(found: Sequence[Era], most_bytes: int) -> tuple[Era, ...]:
    """The same eras, the largest of them pruned until all together fit."""
    kept = list(found)
    sizes = [len(coding.encode(era)) for era in kept]
    while sum(sizes) > most_bytes:
        number = sizes.index(max(sizes))
        if len(kept[number].tops) <= 1:
            break
        kept[number] = _smaller(kept[number], max(_LEAST, 0.9 * (1 - most_bytes / sum(sizes))))
        sizes[number] = len(coding.encode(kept[number]))
    return tuple(kept)


def _smaller(era: Era, share: float) -> Era:
    """An era without so many of its stacks."""
    calls = eras.calls(era)
    count = max(1, round((len(calls.tops) - 1) * share))
    moved = prune(calls, count)
    columns = eras.Columns(calls)
    return msgspec.structs.replace(
        era,
        pruned=era.pruned + moved,
        groups=tuple(columns.groups),
        functions=tuple((function.name, function.file) for function in columns.functions),
        callers=tuple(columns.callers),
        tops=tuple(columns.tops),
        weights=columns.weights,
    )


def prune(calls: Calls, count: int) -> int:
    """Count the lightest stacks that call nothing to their callers; how many were pruned."""
    own: dict[int, dict[tuple[str, State], float]] = defaultdict(dict)
    for where, seconds in calls.seconds.items():
        own[where.stack][where.group, where.state] = seconds
    children = [0] * len(calls.tops)
    for stack in range(1, len(calls.tops)):
        children[calls.callers[stack]] += 1
    heap = [(sum(own[stack].values()), stack) for stack in range(1, len(children)) if not children[stack]]
    heapq.heapify(heap)
    pruned = 0
    while heap and pruned < count:
        _, stack = heapq.heappop(heap)
        caller = calls.callers[stack]
        for what, seconds in own.pop(stack).items():
            own[caller][what] = own[caller].get(what, 0.0) + seconds
        children[caller] -= 1
        if caller and not children[caller]:
            heapq.heappush(heap, (sum(own[caller].values()), caller))
        pruned += 1
    calls.seconds.clear()
    for stack, found in own.items():
        for (group, state), seconds in found.items():
            calls.seconds[Where(group, stack, state)] = seconds
    return pruned
