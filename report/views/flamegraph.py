"""flamegraph.svg: a static icicle of all threads, with tooltips; no script."""

import math
from collections.abc import Iterator
from html import escape
from typing import NamedTuple

from model.units import duration
from report.drawing import Drawing
from report.places import colour, escaped, frame_text, thread_text
from report.tree import ROOT, Tree
from report.words import headline, mix

WIDTH = 1200
ROW = 19
HEAD = 64
CHARACTER = 6.65  # of the monospaced label font
SMALLEST = 0.25  # nothing narrower is drawn
MOST_BOXES = 10_000  # of more, the narrowest are left out, too

_STYLE = """
svg{background:#fdfcfa;color:#24211d}
text{font:11px ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;fill:#24211d}
.h{font:600 17px system-ui,"DejaVu Sans",sans-serif;fill:currentColor}
.s{font:12px system-ui,"DejaVu Sans",sans-serif;fill:currentColor;opacity:.7}
rect{stroke:#fdfcfa;stroke-width:.8}
g:hover>rect{stroke:#24211d}
@media (prefers-color-scheme:dark){
svg{background:#16181c;color:#e4e2de}rect{stroke:#16181c}g:hover>rect{stroke:#fff}}
"""


class Box(NamedTuple):
    """A rectangle of the picture."""

    x: float
    width: float
    depth: int
    label: str
    tip: str
    fill: str


def draw(drawing: Drawing) -> Iterator[bytes]:
    """Width is time: each thread below all threads, callees below callers, the heaviest first."""
    total_us = sum(tree.total_us[ROOT] for tree in drawing.trees.values())
    unseen_us = max(1, math.ceil(SMALLEST * total_us / (WIDTH - 20)))
    least_us = _least_us(drawing, unseen_us)
    boxes = list(_boxes(drawing, total_us, least_us)) if total_us else []
    height = HEAD + ROW * (1 + max((box.depth for box in boxes), default=0)) + 12
    size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    lines = (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
        f"<style>{_STYLE}</style>",
        _text("h", 28, headline(drawing.capture)),
        _text("s", 48, _subtitle(drawing, least_us if least_us > unseen_us else 0)),
        *map(_svg, boxes),
        "</svg>",
    )
    yield from (f"{line}\n".encode() for line in lines)


def _subtitle(drawing: Drawing, least_us: int) -> str:
    if not drawing.table.segments:
        return "no samples were recorded"
    sampled = f"{duration(drawing.rendering.sampled_s)} sampled in {drawing.capture.id}"
    left_out = f"; what took less than {duration(least_us / 1e6)} is left out" if least_us else ""
    return f"{sampled}; width is time, callees are below{left_out}"


def _least_us(drawing: Drawing, least_us: int) -> int:
    """How much time a box must stand for, so much at least, so that there are not too many."""
    while sum(us >= least_us for tree in drawing.trees.values() for us in tree.total_us) > MOST_BOXES:
        least_us *= 2
    return least_us


def _boxes(drawing: Drawing, total_us: int, least_us: int) -> Iterator[Box]:
    scale, x = (WIDTH - 20) / total_us, 10.0
    yield Box(x, WIDTH - 20, 0, "all threads", f"all threads: {duration(total_us / 1e6)}", "#d9d5cc")
    for thread in drawing.threads():
        tree, label = drawing.trees[thread], thread_text(drawing.table.threads[thread])
        tip = f"{label}: {duration(tree.total_us[ROOT] / 1e6)}\n{mix(tree)}"
        yield Box(x, tree.total_us[ROOT] * scale, 1, label, tip, "#cfcabf")
        yield from _below(tree, x, scale, least_us)
        x += tree.total_us[ROOT] * scale


def _below(tree: Tree, x: float, scale: float, least_us: int) -> Iterator[Box]:
    children = tree.children(least_us)
    waiting = [(ROOT, x, 1)]
    while waiting:
        node, left, depth = waiting.pop()
        if node != ROOT:
            yield _box(tree, node, left, depth, scale)
        for child in children.get(node, ()):
            waiting.append((child, left, depth + 1))
            left += tree.total_us[child] * scale


def _box(tree: Tree, node: int, x: float, depth: int, scale: float) -> Box:
    us, (function, file, _) = tree.total_us[node], tree.frame(node)
    share = f"{duration(us / 1e6)}, {us / tree.total_us[ROOT]:.1%} of the thread"
    tip = f"{frame_text(tree.frame(node))}\n{share}\n{mix(tree, node)}"
    return Box(x, us * scale, depth, function, tip, colour(function, file))


def _svg(box: Box) -> str:
    y = HEAD + box.depth * ROW
    fits = int((box.width - 8) / CHARACTER)
    label = escaped(box.label)
    label = label if len(label) <= fits else f"{label[: fits - 1]}…" if fits > 3 else ""
    text = f'<text x="{box.x + 4:.1f}" y="{y + 13}">{escape(label)}</text>' if label else ""
    place = f'x="{box.x:.2f}" y="{y}" width="{box.width:.2f}" height="{ROW - 1}"'
    return f'<g><title>{_lines(box.tip)}</title><rect {place} rx="2" fill="{box.fill}"/>{text}</g>'


def _text(kind: str, y: int, text: str) -> str:
    return f'<text class="{kind}" x="10" y="{y}">{escape(escaped(text))}</text>'


def _lines(text: str) -> str:
    return "\n".join(escape(escaped(line)) for line in text.split("\n"))
