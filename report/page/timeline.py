"""A strip a thread: its state over the window, from left to right."""

from collections import defaultdict
from itertools import groupby

from model.samples import GONE, SampleTable, State, ThreadKind
from model.samples import STATES as SEEN
from report.page.markup import Markup, join, tag
from report.words import STATES

COLUMNS = 360
HEIGHT = 14

_Column = dict[State, int]


def strips(table: SampleTable) -> dict[int, Markup]:
    """A picture for each thread; where nothing was sampled it is empty."""
    step_us = max(1, -(-(table.end_us - table.start_us) // COLUMNS))
    columns: dict[int, dict[int, _Column]] = defaultdict(lambda: defaultdict(lambda: defaultdict(int)))
    for run in table.runs():
        start_us, end_us = run.start_us - table.start_us, run.end_us - table.start_us
        for column in range(start_us // step_us, (end_us - 1) // step_us + 1):
            shared_us = min(end_us, (column + 1) * step_us) - max(start_us, column * step_us)
            columns[run.thread][column][run.state] += shared_us
    return {thread: _strip(of_thread) for thread, of_thread in columns.items()}


def _strip(columns: dict[int, _Column]) -> Markup:
    states = [_heaviest(columns.get(column)) for column in range(COLUMNS)]
    parts, x = [], 0
    for state, group in groupby(states):
        width = len(list(group))
        if state is not None:
            parts.append(tag("rect", x=str(x), width=str(width), height=str(HEIGHT), class_=f"state-{state}"))
        x += width
    box = {"viewBox": f"0 0 {COLUMNS} {HEIGHT}", "preserveAspectRatio": "none"}
    return tag("svg", join(*parts), class_="strip", role="img", **box, **{"aria-label": "states over time"})


def _heaviest(column: _Column | None) -> State | None:
    return max(column, key=column.__getitem__) if column else None


def legend(table: SampleTable) -> Markup:
    """What the colours mean that occur."""
    states = zip(table.state, table.stack, strict=True)
    seen = {SEEN[number] for number in {state for state, stack in states if stack != GONE}}
    kinds = {f"state-{state}": words for state, words in STATES.items() if state in seen}
    lanes = any(thread.kind is ThreadKind.CPU for thread in table.threads)
    kinds |= {"hatched": "not sampled, or on no CPU" if lanes else "not sampled"}
    items = (
        tag("span", tag("i", class_=f"dot {kind}"), words, class_="key") for kind, words in kinds.items()
    )
    return tag("p", *items, class_="legend")
