"""The time in stacks and below them, and which matter most where a profile is too large to be shown whole."""

from collections.abc import Mapping

from model.samples import NO_STACK, SampleTable


def ranked(table: SampleTable, own_us: Mapping[int, int]) -> list[int]:
    """Stacks and all their callers by the time in them and below, the heaviest first, callers before callees.

    So any number of the first ones is a whole tree. `own_us` is the time of each stack itself.
    """
    total_us = with_callers(table, own_us)
    return sorted(total_us, key=total_us.__getitem__, reverse=True)  # equal ones stay in order: callers first


def with_callers(table: SampleTable, own_us: Mapping[int, int]) -> dict[int, int]:
    """The time in each stack and below it, those of all callers included, callers first.

    A stack's number is above its caller's.
    """
    found = dict(own_us) | {NO_STACK: own_us.get(NO_STACK, 0)}
    for stack in own_us:
        while stack != NO_STACK and (stack := table.callers[stack]) not in found:
            found[stack] = 0
    total_us = {stack: found[stack] for stack in sorted(found)}
    for stack in reversed(total_us):
        if stack != NO_STACK:
            total_us[table.callers[stack]] += total_us[stack]
    return total_us
