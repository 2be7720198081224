"""Time within spans: of short iterations only the moments of samples are known."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.samples import Frame, Row, SampleTable, Span, TableBuilder
from report.baseline.spans import within

SECOND = 1_000_000
PERIOD = SECOND // 10


def table(rows: list[tuple[int, str]], end_us: int) -> SampleTable:
    """One thread, sampled ten times a second; a row where its function changed."""
    builder = TableBuilder()
    thread = builder.thread(1, "MainThread", 1)
    made = [Row(at_us, thread, builder.stack([Frame(name, "a.py", 1)])) for at_us, name in rows]
    builder.add(Span(0, end_us, 10), made)
    return builder.freeze(0, end_us)


def by_function(found: SampleTable, spans: list[tuple[int, int]]) -> dict[str, int]:
    weights, _ = within(found, spans)
    return {found.stack_frames(key.stack)[0].function: weight.us for key, weight in weights.items()}


def test_a_span_over_everything_holds_everything() -> None:
    found = table([(0, "a"), (3 * PERIOD, "b")], 10 * PERIOD)
    assert by_function(found, [(0, 10 * PERIOD)]) == {"a": 3 * PERIOD, "b": 7 * PERIOD}
    assert within(found, [(0, 10 * PERIOD)])[1] == 10 * PERIOD


def test_what_was_sampled_before_a_short_iteration_is_not_its_own() -> None:
    found = table([(0, "idle"), (2 * PERIOD, "work"), (3 * PERIOD, "idle")], 10 * PERIOD)
    assert by_function(found, [(2 * PERIOD - 1000, 2 * PERIOD + 1000)]) == {"work": PERIOD}
    assert by_function(found, [(PERIOD + 1000, PERIOD + 90_000)]) == {}


def test_short_iterations_in_a_row_are_told_from_the_time_between_them() -> None:
    chance = random.Random(4)
    spans, at_us = list[tuple[int, int]](), 0
    while at_us < 600 * SECOND:
        at_us += chance.randrange(20_000, 60_000)
        spans.append((at_us, at_us + 20_000))
        at_us += 20_000

    def doing(moment_us: int) -> str:
        return "work" if any(a <= moment_us < b for a, b in near(moment_us)) else "idle"

    def near(moment_us: int) -> list[tuple[int, int]]:
        place = moment_us * len(spans) // at_us
        return spans[max(0, place - 400) : place + 400]

    rows = list[tuple[int, str]]()
    for moment_us in range(0, at_us, PERIOD):
        if not rows or rows[-1][1] != doing(moment_us):
            rows.append((moment_us, doing(moment_us)))
    found = by_function(table(rows, at_us), spans)
    assert "idle" not in found
    assert found["work"] == pytest.approx(20_000 * len(spans), rel=0.1)


@given(st.lists(st.integers(0, 100), min_size=1, max_size=12, unique=True), st.integers(1, 40))
def test_spans_side_by_side_hold_what_one_over_all_does(cuts: list[int], rows: int) -> None:
    found = table([(number * PERIOD, "ab"[number % 2]) for number in range(rows)], rows * PERIOD)
    edges = [0, *sorted(cut * PERIOD // 3 for cut in cuts), 200 * PERIOD]
    spans = list(pairwise(edges))
    assert by_function(found, spans) == by_function(found, [(0, 200 * PERIOD)])
    assert within(found, spans)[1] == rows * PERIOD
