"""profile.collapsed: one line a stack, for every tool that reads folded stacks."""

from collections import defaultdict
from collections.abc import Iterator

from report.drawing import Drawing
from report.places import escaped, frame_text, thread_text


def draw(drawing: Drawing) -> Iterator[bytes]:
    r"""`thread;root;...;innermost MICROSECONDS`; what could forge a line is escaped: `\x3b`, `\n`."""
    table = drawing.table
    names = [escaped(frame_text(frame), also=";") for frame in table.frames]
    us: dict[tuple[int, int], int] = defaultdict(int)
    for key, weight in drawing.weights.items():
        us[key.thread, key.stack] += weight.us
    for (thread, stack), stack_us in us.items():
        path = []
        while stack:
            path.append(names[table.tops[stack]])
            stack = table.callers[stack]
        path.append(escaped(thread_text(table.threads[thread]), also=";"))
        yield f"{';'.join(reversed(path))} {stack_us}\n".encode()
