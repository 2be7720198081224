"""A part of the table's time holds exactly what the whole holds there."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from model.samples import GONE, Frame, Row, SampleTable, Span, State, TableBuilder
from report.slices import between

Seen = Counter[tuple[int, int, State, int]]


@st.composite
def tables(draw: st.DrawFn) -> SampleTable:
    builder, at_us = TableBuilder(), 0
    stacks = [builder.stack([Frame(name, "a.py", 1)]) for name in "abc"] + [GONE]
    threads = [builder.thread(number, f"t{number}", 1) for number in (1, 2)]
    for _ in range(draw(st.integers(0, 3))):
        start_us = at_us + draw(st.integers(0, 5))
        at_us = start_us + draw(st.integers(1, 20))
        times = sorted(draw(st.lists(st.integers(start_us, at_us - 1), max_size=8)))
        pick = st.tuples(st.sampled_from(threads), st.sampled_from(stacks), st.sampled_from(State))
        builder.add(Span(start_us, at_us, 10), [Row(time_us, *draw(pick)) for time_us in times])
    return builder.freeze(0, at_us + 3)


def seen(table: SampleTable, start_us: int, end_us: int) -> Seen:
    """Every microsecond by thread, stack and state."""
    return Counter(
        (run.thread, run.stack, run.state, us)
        for run in table.runs()
        for us in range(max(run.start_us, start_us), min(run.end_us, end_us))
    )


@given(tables(), st.integers(-5, 80), st.integers(0, 60))
def test_a_part_is_the_whole_within_its_time(table: SampleTable, start_us: int, length_us: int) -> None:
    part = between(table, start_us, start_us + length_us)
    assert seen(part, part.start_us, part.end_us) == seen(table, start_us, start_us + length_us)
    assert all(part.start_us <= span.start_us < span.end_us <= part.end_us for span in part.segments)


@given(tables())
def test_all_of_it_is_the_whole(table: SampleTable) -> None:
    part = between(table, table.start_us, table.end_us)
    assert sorted(part.runs()) == sorted(table.runs())
    assert list(part.gaps()) == list(table.gaps())


def test_what_lies_outside_is_empty() -> None:
    builder = TableBuilder()
    main = builder.thread(1, "MainThread", 1)
    builder.add(Span(10, 20, 100), [Row(10, main, builder.stack([Frame("f", "a.py", 1)]))])
    assert not list(between(builder.freeze(0, 30), 25, 30).runs())
