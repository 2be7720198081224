"""Which stacks matter most: what is left of a profile that is too large to be shown whole."""

from collections.abc import Mapping

from model.samples import NO_STACK, SampleTable


def ranked(table: SampleTable, own_us: Mapping[int, int]) -> list[int]:
    """Stacks and all their callers by the time in them and below, the heaviest first, callers before callees.

    So any number of the first ones is a whole tree. `own_us` is the time of each stack itself.
    """
    total_us = dict(own_us)
    total_us.setdefault(NO_STACK, 0)
    for stack in own_us:
        while stack != NO_STACK and (stack := table.callers[stack]) not in total_us:
            total_us[stack] = 0
    order = sorted(total_us)
    for stack in reversed(order):
        if stack != NO_STACK:
            total_us[table.callers[stack]] += total_us[stack]
    order.sort(key=total_us.__getitem__, reverse=True)  # equal ones stay in order: a caller's number is lower
    return order
