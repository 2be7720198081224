"""The flame graph's data: call trees as flat columns, so that no depth is too deep."""

from typing import TypedDict

import msgspec

from model.samples import STATES
from report import words
from report.drawing import Drawing
from report.places import colour, escaped, place, thread_text
from report.tree import Tree

_HTML = {b"<": b"\\u003c", b">": b"\\u003e", b"&": b"\\u0026"}
_SEPARATORS = {"\u2028".encode(): b"\\u2028", "\u2029".encode(): b"\\u2029"}


class Columns(TypedDict):
    """One thread's nodes, callers before callees; `parent` of the root is -1."""

    label: str
    parent: list[int]
    function: list[int]
    line: list[int]
    us: list[list[int]]  # microseconds of its own, as pairs of state and time


def graph(drawing: Drawing) -> bytes:
    """JSON that may stand in a script element: it has no character that HTML knows."""
    functions: dict[tuple[str, str], int] = {}
    threads = [
        _columns(thread_text(drawing.table.threads[each]), drawing.trees[each], functions)
        for each in drawing.threads()
    ]
    data = msgspec.json.encode(
        {
            "states": [words.STATES[state] for state in STATES],
            "functions": [
                [escaped(function), escaped(place(file, 0)), colour(function, file)]
                for function, file in functions
            ],
            "threads": threads,
        }
    )
    for char, code in (_HTML | _SEPARATORS).items():
        data = data.replace(char, code)
    return data


def _columns(label: str, tree: Tree, functions: dict[tuple[str, str], int]) -> Columns:
    return Columns(
        label=escaped(label),
        parent=tree.parents.tolist(),
        function=[functions.setdefault(function, len(functions)) for function in tree.functions],
        line=tree.lines.tolist(),
        us=[
            [part for state, us in tree.own_us.get(node, {}).items() for part in (STATES.index(state), us)]
            for node in range(len(tree))
        ],
    )
