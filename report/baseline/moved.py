"""Two profiles side by side: by function, group of threads, and on the CPU or waiting; in both directions."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from model.comparison import Doing, Moved
from model.samples import State
from report.baseline.calls import Calls, Function, Where
from report.baseline.groups import is_main_group
from report.places import Origin, origin

DOING = {
    State.RUNNING: Doing.ON_CPU,
    State.RUNNING_GIL: Doing.ON_CPU,
    State.WANTING_GIL: Doing.WAITING,
    State.WAITING: Doing.WAITING,
    State.WAITING_GIL: Doing.WAITING,
    State.UNKNOWN: Doing.UNKNOWN,
}
LEAST_SHARE = 0.01  # smaller moves are chance
MOST = 200
_VAGUE = 0.1  # of a group's time: so much of it unknown would look like a move


class _Place(NamedTuple):
    group: str
    function: Function
    doing: Doing


class Side(NamedTuple):
    """A profile, and how many seconds of it make one iteration's."""

    calls: Calls
    factor: float = 1.0


def moved(stalled: Side, healthy: Side, most: int = MOST) -> tuple[Moved, ...]:
    """What takes another share of its threads' time than before, the largest moves first.

    A function's time includes what it calls. One that is on one side only has share 0 on the other.
    """
    stalled, healthy = (
        stalled._replace(calls=_told(stalled.calls)),
        healthy._replace(calls=_told(healthy.calls)),
    )
    vague = _vague(stalled.calls, healthy.calls)
    known = [_known(side.calls, vague) for side in (stalled, healthy)] if vague else []
    left, right = _times(stalled, vague), _times(healthy, vague)
    depth = _depths(stalled.calls, healthy.calls)
    left_s, right_s = _by_group(stalled), _by_group(healthy)
    found = [
        Moved(
            thread=place.group,
            doing=_doing(place, known),
            function=place.function.name,
            file=place.function.file,
            stalled_share=_share(left.get(place, 0.0), left_s.get(place.group, 0.0)),
            healthy_share=_share(right.get(place, 0.0), right_s.get(place.group, 0.0)),
            stalled_s=round(left.get(place, 0.0), 6),
            healthy_s=round(right.get(place, 0.0), 6),
        )
        for place in _ends(left, right, depth)
    ]
    return tuple(sorted(filter(_large, found), key=lambda one: _order(one, depth))[:most])


def _ends(
    left: Mapping[_Place, float], right: Mapping[_Place, float], depth: Mapping[Function, int]
) -> Iterator[_Place]:
    """Of functions that call each other in a row, and so have the same times, the last one and one's own."""
    rows: dict[tuple[str, Doing, float, float], list[_Place]] = defaultdict(list)
    for place in left.keys() | right.keys():
        rows[place.group, place.doing, left.get(place, 0.0), right.get(place, 0.0)].append(place)
    for row in rows.values():
        row.sort(key=lambda place: (depth[place.function], place.function))
        own = [place for place in row if origin(place.function.file) is not Origin.STANDARD]
        yield from {row[-1], *own[-1:]}


def _told(calls: Calls) -> Calls:
    """The same, where time of which the state is not known is shared out as the rest of its stack's is."""
    known: dict[tuple[str, int], float] = defaultdict(float)
    unknown: dict[tuple[str, int], float] = {}
    for where, seconds in calls.seconds.items():
        if where.state is State.UNKNOWN:
            unknown[where.group, where.stack] = seconds
        else:
            known[where.group, where.stack] += seconds
    seconds_of: dict[Where, float] = {}
    for where, seconds in calls.seconds.items():
        told_s, rest_s = known.get(where[:2], 0.0), unknown.get(where[:2], 0.0)
        if where.state is not State.UNKNOWN and told_s > 0:
            seconds_of[where] = seconds * (1 + rest_s / told_s)
        elif told_s <= 0:
            seconds_of[where] = seconds
    return calls.weighed(seconds_of)


def _share(part_s: float, whole_s: float) -> float:
    return round(min(1.0, part_s / whole_s), 4) if whole_s > 0 else 0.0


def _large(one: Moved) -> bool:
    return abs(one.stalled_share - one.healthy_share) >= LEAST_SHARE


def _order(one: Moved, depth: Mapping[Function, int]) -> tuple[float, bool, bool, float, int, str, str, str]:
    """The largest move first; of equal ones the main thread's, one's own code, and the innermost."""
    share = round(abs(one.stalled_share - one.healthy_share), 2)
    return (
        -share,
        not is_main_group(one.thread),
        origin(one.file) is Origin.STANDARD,
        -round(abs(one.stalled_s - one.healthy_s), 1),
        -depth[Function(one.function, one.file)],
        one.thread,
        one.function,
        one.file,
    )


def _vague(stalled: Calls, healthy: Calls) -> set[str]:
    """Groups of which one side does not know what they did: there, functions alone are compared."""
    found: set[str] = set()
    for calls in (stalled, healthy):
        whole, unknown = calls.by_group(), defaultdict[str, float](float)
        for where, seconds in calls.seconds.items():
            if where.state is State.UNKNOWN:
                unknown[where.group] += seconds
        found |= {group for group, seconds in unknown.items() if seconds > _VAGUE * whole[group]}
    return found


def _doing(place: _Place, known: Iterable[Mapping[tuple[str, Function], Mapping[Doing, float]]]) -> Doing:
    """What is done there; in a group that is vague, what is done most, as far as either side knows."""
    if place.doing is not Doing.UNKNOWN:
        return place.doing
    found = next(filter(None, (one.get((place.group, place.function)) for one in known)), {})
    return max(found, key=found.__getitem__, default=Doing.UNKNOWN)


def _known(calls: Calls, vague: set[str]) -> dict[tuple[str, Function], dict[Doing, float]]:
    """What groups that are vague do in their functions, as far as this side knows."""
    found: dict[tuple[str, Function], dict[Doing, float]] = defaultdict(lambda: defaultdict(float))
    for where, seconds in calls.seconds.items():
        if where.group in vague and where.state is not State.UNKNOWN:
            for function in set(_functions(calls, where.stack)):
                found[where.group, function][DOING[where.state]] += seconds
    return found


def _times(side: Side, vague: set[str]) -> dict[_Place, float]:
    found: dict[_Place, float] = defaultdict(float)
    for where, seconds in side.calls.seconds.items():
        doing = Doing.UNKNOWN if where.group in vague else DOING[where.state]
        for function in set(_functions(side.calls, where.stack)):  # a recursion counts once
            found[_Place(where.group, function, doing)] += seconds * side.factor
    return found


def _functions(calls: Calls, stack: int) -> Iterator[Function]:
    while stack:
        yield calls.functions[calls.tops[stack]]
        stack = calls.callers[stack]


def _by_group(side: Side) -> dict[str, float]:
    return {group: seconds * side.factor for group, seconds in side.calls.by_group().items()}


def _depths(*sides: Calls) -> dict[Function, int]:
    """How deep a function is called, at least."""
    found: dict[Function, int] = {}
    for calls in sides:
        depths = [0]
        for stack in range(1, len(calls.tops)):
            depths.append(depths[calls.callers[stack]] + 1)
            function = calls.functions[calls.tops[stack]]
            found[function] = min(found.get(function, depths[stack]), depths[stack])
    return found
