"""Drawings for tests: made from threads with stacks, without a file."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from hypothesis import strategies as st

from model.manifest import Rendering
from model.samples import Frame, Row, Span, State, TableBuilder
from report import manifests
from report.drawing import Drawing
from report.evidence.looks import Look, Sighting
from report.top import top_stacks
from report.tree import trees, weights
from tests.reports import PID, make_report

HOSTILE = (
    "</title><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "]]><script>alert(1)</script>",
    "a;b;c 999",
    "line one\nMainThread;forged 12345",
    "\x1b[31mred\x00\x7f\r\t",
    "\u2028\u2029\x85\u202egnirts",
    "back\\slash \\n",
    "--><!--<svg onload=alert(1)>",
    "{{data}} ${x} %s",
    "a b 5",
    "<module>",
    "",
)

names = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(exclude_categories=["Cs"]), max_size=12))
frames = st.builds(Frame, names, names, st.integers(0, 5))
stacks = st.lists(frames, min_size=1, max_size=5)


def drawing(
    folder: Path, segments: Iterable[Sequence[tuple[int, str, Sequence[Frame], State]]], rate_hz: int = 100
) -> Drawing:
    """A drawing of segments of 1 s with 0.25 s between them.

    A segment's rows are spread evenly over it: (thread number, its name, stack root first, state).
    """
    builder, start_us = TableBuilder(), 0
    for rows in segments:
        span = Span(start_us, start_us + 1_000_000, rate_hz)
        step_us = 1_000_000 // max(1, len(rows))
        builder.add(
            span,
            [
                Row(
                    start_us + at * step_us, builder.thread(PID + tid, name, PID), builder.stack(stack), state
                )
                for at, (tid, name, stack, state) in enumerate(rows)
            ],
        )
        start_us = span.end_us + 250_000
    table = builder.freeze(0, max(start_us, 1_000_000))
    by_key = weights(table)
    by_thread = trees(table, by_key)
    home = folder / "drawing"
    capture = manifests.read_capture(make_report(home)) if not home.exists() else _again(home)
    seen = {tid: (name, stack, state) for rows in segments for tid, name, stack, state in rows}
    look = Look(
        0,
        tuple(
            Sighting(table.threads[builder.thread(PID + tid, name, PID)], tuple(stack), state, tid == 0, "")
            for tid, (name, stack, state) in seen.items()
        ),
    )
    missed_us = sum(end_us - begin_us for begin_us, end_us in table.gaps())
    return Drawing(
        capture=capture,
        whole=table,
        table=table,
        weights=by_key,
        trees=by_thread,
        looks=(look,),
        top_stacks=top_stacks(table, by_thread, PID),
        rendering=Rendering(
            rendered=True, missed_s=missed_us / 1e6, sampled_s=(table.end_us - missed_us) / 1e6
        ),
        artifacts=(),
    )


def _again(home: Path):
    return manifests.read_capture(next(home.iterdir()))


drawings = st.lists(
    st.lists(st.tuples(st.integers(0, 3), names, stacks, st.sampled_from(State)), max_size=6),
    max_size=3,
)


def total_us(drawing: Drawing) -> int:
    """The time of all runs, by hand."""
    return sum(run.end_us - run.start_us for run in drawing.table.runs())
