"""The data of report.html, decoded once by its script: names once each, everything else as columns."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from model.comparison import Doing
from model.samples import GONE, STATES, SampleTable, State
from model.signals import Signal
from report import words
from report.baseline.groups import group_of
from report.baseline.moved import DOING
from report.drawing import Drawing
from report.page.axis import Axis, presets
from report.page.columns import column
from report.page.markup import cut
from report.page.runs import Runs, Stretch
from report.places import Origin, colour, escaped, origin, short, thread_text
from report.tree import Tree

MOST_THREADS = 150  # on a page; of more, those that only waited are left out first
MOST_READINGS = 1_500  # of one signal

_ORIGINS = tuple(Origin)
_HTML = {b"<": b"\\u003c", b">": b"\\u003e", b"&": b"\\u0026"}
_SEPARATORS = {"\u2028".encode(): b"\\u2028", "\u2029".encode(): b"\\u2029"}


def block(drawing: Drawing, axis: Axis, runs: Runs, healthy: Mapping[str, Tree]) -> bytes:
    """JSON that may stand in a script element: it has no character that HTML knows."""
    table, names = drawing.whole, Names()
    document = {
        "start": axis.start_us - axis.zero_us,
        "end": axis.end_us - axis.zero_us,
        "presets": [
            {"key": each.key, "start": each.start_us, "end": each.end_us} for each in presets(drawing, axis)
        ],
        "states": [{"name": state, "words": words.STATES[state], "doing": DOING[state]} for state in STATES],
        "threads": [_thread(drawing, number, runs.threads[number], axis) for number in runs.threads],
        "stacks": _stacks(table, runs, names),
        "healthy": [_tree(group, tree, names) for group, tree in healthy.items()],
        "signals": [_signal(each, axis) for each in drawing.signals.series.values()],
        "title": f"{drawing.capture.target} {drawing.capture.id}",
        "id": drawing.capture.id,
    }
    return _safe(msgspec.json.encode(document | names.columns()))


def _safe(data: bytes) -> bytes:
    for char, code in (_HTML | _SEPARATORS).items():
        data = data.replace(char, code)
    return data


class Names:
    """Functions, each with its file, that are written once."""

    def __init__(self) -> None:
        self._functions: dict[tuple[str, str], int] = {}

    def number(self, function: str, file: str) -> int:
        """The number of a function."""
        return self._functions.setdefault((function, file), len(self._functions))

    def columns(self) -> dict[str, Any]:
        """Names, files and colours."""
        files: dict[str, int] = {}
        return {
            "functions": {
                "file": column(files.setdefault(short(file), len(files)) for _, file in self._functions),
                "name": [cut(escaped(function)) for function, _ in self._functions],
                "origin": column(_ORIGINS.index(origin(file)) for _, file in self._functions),
                "colour": [colour(function, file) for function, file in self._functions],
            },
            "files": [cut(escaped(file)) for file in files],
        }


def ordered(drawing: Drawing) -> list[int]:
    """The threads of a page: the main one, those that worked, those that waited, then the lead-up's."""
    waited = {each for each, tree in drawing.trees.items() if tree.by_state.keys() <= {State.WAITING}}
    first = sorted(drawing.threads(), key=lambda each: each in waited and not drawing.is_main(each))
    stacks = zip(drawing.whole.thread, drawing.whole.stack, strict=True)
    seen = {thread for thread, stack in stacks if stack != GONE}
    return [*first, *sorted(seen - set(first))][:MOST_THREADS]


def _thread(drawing: Drawing, number: int, runs: Sequence[Stretch], axis: Axis) -> dict[str, Any]:
    thread = drawing.whole.threads[number]
    ends = (axis.start_us, *(run.end_us for run in runs))
    return {
        "label": cut(escaped(thread_text(thread))),
        "row": number,
        "main": drawing.is_main(number),
        "kind": thread.kind,
        "group": escaped(group_of(thread, drawing.capture.pid)),
        "gap": column(run.start_us - end_us for run, end_us in zip(runs, ends, strict=False)),
        "us": column(run.end_us - run.start_us for run in runs),
        "stack": column(run.stack for run in runs),
        "state": column(run.state for run in runs),
    }


def _stacks(table: SampleTable, runs: Runs, names: Names) -> dict[str, str]:
    """Callers as the distance to them; the first stack, which has no frame, is left out."""
    frames = [table.frames[top] for top in runs.tops[1:]]
    return {
        "caller": column(number - caller for number, caller in enumerate(runs.callers[1:], 1)),
        "function": column(names.number(frame.function, frame.file) for frame in frames),
        "line": column(frame.line for frame in frames),
    }


def _tree(group: str, tree: Tree, names: Names) -> dict[str, Any]:
    """A tree of healthy iterations: its nodes after the root, and microseconds of their own."""
    own: dict[Doing, list[int]] = {doing: [0] * len(tree) for doing in Doing}
    for node, states in tree.own_us.items():
        for state, us in states.items():
            own[DOING[state]][node] += us
    return {
        "group": escaped(group),
        "caller": column(node - tree.parents[node] for node in range(1, len(tree))),
        "function": column(names.number(*tree.functions[node]) for node in range(1, len(tree))),
        "line": column(tree.lines[1:]),
        "us": {doing: column(found) for doing, found in own.items()},
    }


def _signal(signal: Signal, axis: Axis) -> dict[str, Any]:
    times_us, readings = thinned(signal)
    befores = (axis.zero_us, *times_us)
    return {
        "name": signal.name,
        "unit": signal.unit,
        "times": column(at - before for at, before in zip(times_us, befores, strict=False)),
        "values": [float(f"{value:.6g}") for value in readings],
    }


def thinned(signal: Signal) -> tuple[Sequence[int], Sequence[float]]:
    """The readings, or where there are too many, the mean of each few neighbours."""
    count = len(signal.values)
    if count <= MOST_READINGS:
        return signal.times_us, signal.values
    step = -(-count // MOST_READINGS)
    starts = range(0, count, step)
    groups = [signal.values[start : start + step] for start in starts]
    return [signal.times_us[min(start + step, count) - 1] for start in starts], [
        sum(group) / len(group) for group in groups
    ]
