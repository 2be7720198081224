"""The difference of two profiles as two flame graphs: each side's widths, coloured by what moved."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple

from model.samples import NO_STACK
from report.baseline.calls import Calls
from report.places import escaped, short

WIDTH, ROW, CHARACTER = 1200, 19, 6.65
SMALLEST = 0.4  # nothing narrower is drawn
_GREY, _RED, _BLUE = (222, 218, 210), (222, 71, 46), (58, 120, 196)
_FULL = 0.3  # a move by so much of its threads' time has the full colour


class _Node(NamedTuple):
    stack: int
    x: float
    width: float
    depth: int


class Pair:
    """Two profiles over the same stacks."""

    def __init__(self, before: Calls, after: Calls) -> None:
        self._both = Calls()
        self.sides = tuple(self._totals(one) for one in (before, after))
        self.children: dict[int, list[int]] = defaultdict(list)
        for stack in range(1, len(self._both.tops)):
            self.children[self._both.callers[stack]].append(stack)

    def _totals(self, calls: Calls) -> dict[str, dict[int, float]]:
        """By group, each stack's time with all that it calls."""
        numbers = self._both.taken(calls)
        found: dict[str, dict[int, float]] = defaultdict(lambda: defaultdict(float))
        for where, seconds in calls.seconds.items():
            stack, times = numbers[where.stack], found[where.group]
            times[NO_STACK] += seconds
            while stack != NO_STACK:
                times[stack] += seconds
                stack = self._both.callers[stack]
        return found

    def drawn(self, side: int) -> Iterator[str]:
        """One side's picture as SVG, line by line."""
        groups = sorted(self.sides[side].items(), key=lambda item: (-item[1][NO_STACK], item[0]))
        whole = sum(times[NO_STACK] for _, times in groups) or 1.0
        boxes, x, deepest = list[str](), 0.0, 0
        for group, times in groups:
            width = WIDTH * times[NO_STACK] / whole
            for node in self._layout(times, x, width):
                boxes.append(self._box(group, node, side))
                deepest = max(deepest, node.depth)
            x += width
        height = ROW * (deepest + 1) + 2
        yield f'<svg viewBox="0 0 {WIDTH} {height}" role="img">'
        yield from boxes
        yield "</svg>"

    def _layout(self, times: dict[int, float], x: float, width: float) -> Iterator[_Node]:
        per_second = width / times[NO_STACK]
        waiting = [_Node(NO_STACK, x, width, 0)]
        while waiting:
            node = waiting.pop()
            if node.width < SMALLEST:
                continue
            yield node
            at = node.x
            for stack in sorted(self.children[node.stack], key=lambda one: -times.get(one, 0.0)):
                if (seconds := times.get(stack, 0.0)) <= 0:
                    break
                waiting.append(_Node(stack, at, seconds * per_second, node.depth + 1))
                at += seconds * per_second

    def _box(self, group: str, node: _Node, side: int) -> str:
        before, after = (self._share(number, group, node.stack) for number in (0, 1))
        if node.stack == NO_STACK:
            name = group
        else:
            function = self._both.functions[self._both.tops[node.stack]]
            name = f"{function.name} ({short(function.file)})" if function.file else function.name
        tip = f"{name}: A {before:.1%}, B {after:.1%} of {group}"
        room = int((node.width - 6) / CHARACTER)
        label = escaped(name)
        shown = label if len(label) <= room else f"{label[: room - 1]}…" if room > 2 else ""
        y = node.depth * ROW
        fill = "rgb({},{},{})".format(*_colour(after - before if node.stack else 0.0))
        return (
            f'<g><title>{escape(escaped(tip))}</title><rect x="{node.x:.2f}" y="{y}" '
            f'width="{node.width:.2f}" height="{ROW - 1}" fill="{fill}"/>'
            f'<text x="{node.x + 3:.2f}" y="{y + 13}">{escape(shown)}</text></g>'
        )

    def _share(self, side: int, group: str, stack: int) -> float:
        times = self.sides[side].get(group)
        return times.get(stack, 0.0) / times[NO_STACK] if times else 0.0


def _colour(moved: float) -> Sequence[int]:
    """Red for more in B, blue for less, grey for the same."""
    strength = min(1.0, abs(moved) / _FULL)
    end = _RED if moved > 0 else _BLUE
    return [round(grey + (full - grey) * strength) for grey, full in zip(_GREY, end, strict=True)]
