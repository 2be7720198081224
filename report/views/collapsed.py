"""profile.collapsed: one line a stack, for every tool that reads folded stacks."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from model.samples import NO_STACK, SampleTable
from report.drawing import Drawing
from report.places import escaped, frame_text, thread_text
from report.totals import ranked

MOST_BYTES = 8 << 20
RARE = "(rare calls)"  # where there are more: the innermost frame that stands for all below its caller


class _Line(NamedTuple):
    thread: int
    stack: int
    rare: bool = False  # what is meant is rare stacks that this one calls


def draw(drawing: Drawing) -> Iterator[bytes]:
    r"""`thread;root;...;innermost MICROSECONDS`; what could forge a line is escaped: `\x3b`, `\n`."""
    table = drawing.table
    names = [escaped(frame_text(frame), also=";") for frame in table.frames]
    threads = [escaped(thread_text(thread), also=";") for thread in table.threads]
    us: dict[_Line, int] = defaultdict(int)
    for key, weight in drawing.weights.items():
        us[_Line(key.thread, key.stack)] += weight.us
    for line, line_us in _bounded(table, us, names).items():
        path, stack = [RARE] if line.rare else [], line.stack
        while stack != NO_STACK:
            path.append(names[table.tops[stack]])
            stack = table.callers[stack]
        path.append(threads[line.thread])
        yield f"{';'.join(reversed(path))} {line_us}\n".encode()


def _bounded(table: SampleTable, us: Mapping[_Line, int], names: Sequence[str]) -> Mapping[_Line, int]:
    """The lines, or where they are too long in all, as many as there is room for, of the heaviest stacks."""
    lengths = [0]
    for stack in range(1, len(table.tops)):
        lengths.append(lengths[table.callers[stack]] + len(names[table.tops[stack]]) + 1)
    if sum(lengths[line.stack] for line in us) <= MOST_BYTES:  # nearly always
        return us
    own_us: dict[int, int] = defaultdict(int)
    for line, line_us in us.items():
        own_us[line.stack] += line_us
    order = ranked(table, own_us)
    most = len(order)
    found = us
    while sum(lengths[line.stack] for line in found) > MOST_BYTES:
        most //= 2
        found = _pruned(table, found, set(order[:most]) | {NO_STACK})
    return found


def _pruned(table: SampleTable, us: Mapping[_Line, int], kept: set[int]) -> Mapping[_Line, int]:
    found: dict[_Line, int] = defaultdict(int)
    for line, line_us in us.items():
        stack = line.stack
        while stack not in kept:
            stack = table.callers[stack]
        found[_Line(line.thread, stack, line.rare or stack != line.stack)] += line_us
    return found
