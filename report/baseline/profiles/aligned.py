"""Profiles of different tools in the same words: what one of them does not tell is left out of the other."""

from collections import defaultdict
from collections.abc import Mapping

from model.samples import NO_STACK
from report.baseline.calls import Calls, Function
from report.baseline.groups import is_main_group
from report.baseline.profiles.threads import ALL, OTHERS


def aligned(one: Calls, other: Calls) -> tuple[Calls, Calls]:
    """Both, with threads named and files written as exactly as both can tell."""
    files = _files(one) | _files(other)
    longer = _longer(files)
    coarsest = {ALL, OTHERS} & (one.by_group().keys() | other.by_group().keys())
    return _renamed(one, longer, coarsest), _renamed(other, longer, coarsest)


def _files(calls: Calls) -> set[str]:
    return {function.file for function in calls.functions}


def _longer(files: set[str]) -> dict[str, str]:
    """Files whose folder is left out, by the only one that ends like them."""
    ends: dict[str, set[str]] = defaultdict(set)
    for file in files:
        parts = file.split("/")
        for place in range(1, len(parts)):
            ends["/".join(parts[place:])].add(file)
    found = {}
    for file in files:
        whole = [one for one in ends.get(file, ()) if not ends.get(one)]
        if file and not file.startswith("/") and len(whole) == 1:
            found[file] = whole[0]
    return found


def _renamed(calls: Calls, files: Mapping[str, str], coarsest: set[str]) -> Calls:
    made, numbers = Calls(), [NO_STACK]
    for stack in range(1, len(calls.tops)):
        function = calls.functions[calls.tops[stack]]
        renamed = Function(function.name, files.get(function.file, function.file))
        numbers.append(made.call(numbers[calls.callers[stack]], renamed))
    for where, seconds in calls.seconds.items():
        group = _group(where.group, coarsest)
        made.seconds[where._replace(group=group, stack=numbers[where.stack])] += seconds
    return made


def _group(name: str, coarsest: set[str]) -> str:
    if ALL in coarsest:
        return ALL
    return OTHERS if OTHERS in coarsest and not is_main_group(name) else name
