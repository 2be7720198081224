"""The sample table: what its rows mean."""

from hypothesis import given
from hypothesis import strategies as st

from model.samples import GONE, NO_STACK, Frame, Row, SampleTable, Span, State, TableBuilder, ThreadKind

LOOP = Frame("loop", "/srv/a.py", 3)
WORK = Frame("work", "/srv/a.py", 9)
KINDS = (("CPU 1", ThreadKind.CPU), ("goroutine 1 main.main", ThreadKind.LOOP))


def _table(*segments: tuple[Span, list[tuple[int, int]]], end_us: int = 1000) -> SampleTable:
    """One thread; rows are (time, stack) where stack 1 is LOOP and 2 is WORK in LOOP."""
    builder = TableBuilder()
    thread = builder.thread(7, "main", 7)
    builder.stack([LOOP, WORK])
    for span, rows in segments:
        builder.add(span, [Row(time_us, thread, stack) for time_us, stack in rows])
    return builder.freeze(0, end_us)


def _runs(table: SampleTable) -> list[tuple[int, int, int]]:
    return [(run.stack, run.start_us, run.end_us) for run in table.runs()]


def test_a_row_holds_until_the_next_of_its_thread() -> None:
    assert _runs(_table((Span(0, 100, 100), [(0, 1), (40, 2)]))) == [(1, 0, 40), (2, 40, 100)]


def test_a_row_holds_until_the_segment_ends_and_not_into_the_next() -> None:
    table = _table((Span(0, 100, 100), [(0, 1)]), (Span(150, 300, 100), [(160, 2)]))
    assert _runs(table) == [(1, 0, 100), (2, 160, 300)]


def test_a_thread_that_is_gone_has_no_run() -> None:
    assert _runs(_table((Span(0, 100, 100), [(0, 1), (30, GONE)]))) == [(1, 0, 30)]


def test_rows_after_the_end_of_their_segment_are_cut() -> None:
    assert _runs(_table((Span(0, 100, 100), [(0, 1), (100, 2), (120, 1)]))) == [(1, 0, 100)]


def test_segments_that_overlap_count_once() -> None:
    table = _table((Span(0, 100, 100), [(0, 1)]), (Span(90, 200, 100), [(90, 2)]))
    assert _runs(table) == [(1, 0, 100), (2, 100, 200)]


def test_gaps_are_before_between_and_after_segments() -> None:
    table = _table((Span(10, 100, 100), []), (Span(150, 300, 100), []), end_us=400)
    assert list(table.gaps()) == [(0, 10), (100, 150), (300, 400)]


def test_without_segments_all_is_a_gap() -> None:
    assert list(_table(end_us=50).gaps()) == [(0, 50)]


def test_a_segment_outside_the_window_leaves_no_gap_of_negative_length() -> None:
    assert list(_table((Span(60, 80, 100), []), end_us=50).gaps()) == [(0, 50)]


def test_equal_frames_stacks_and_threads_are_stored_once() -> None:
    builder = TableBuilder()
    assert builder.stack([LOOP, WORK]) == builder.call(builder.call(NO_STACK, LOOP), WORK)
    assert builder.thread(7, "main", 7) == builder.thread(7, "main", 7) != builder.thread(8, "main", 7)
    table = builder.freeze(0, 1)
    assert table.frames == (LOOP, WORK)
    assert table.stack_frames(builder.stack([LOOP, WORK])) == (LOOP, WORK)


def test_a_recursive_stack_keeps_each_of_its_frames() -> None:
    builder = TableBuilder()
    deep = builder.stack([LOOP] * 500)
    assert builder.freeze(0, 1).stack_frames(deep) == (LOOP,) * 500


def test_the_state_of_a_row_is_that_of_its_run() -> None:
    builder = TableBuilder()
    builder.add(Span(0, 9, 100), [Row(0, builder.thread(1, "", 1), builder.stack([LOOP]), State.WANTING_GIL)])
    assert [run.state for run in builder.freeze(0, 9).runs()] == [State.WANTING_GIL]


_SPANS = st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 300)), max_size=5).map(
    lambda pairs: [Span(start, start + length, 100) for start, length in sorted(pairs)]
)


@given(_SPANS, st.lists(st.tuples(st.integers(0, 1500), st.integers(0, 3), st.integers(-1, 2)), max_size=40))
def test_time_is_either_covered_or_a_gap_and_a_thread_is_in_one_place(
    spans: list[Span], rows: list[tuple[int, int, int]]
) -> None:
    builder = TableBuilder()
    builder.stack([LOOP, WORK])
    threads = [builder.thread(number, "", 1) for number in range(4)]
    for span in spans:
        builder.add(span, [Row(time_us, threads[thread], stack) for time_us, thread, stack in sorted(rows)])
    table = builder.freeze(0, 1200)
    covered = {us for span in table.segments for us in range(span.start_us, span.end_us)}
    gaps = [us for start_us, end_us in table.gaps() for us in range(start_us, end_us)]
    assert sorted(gaps) == sorted(set(range(1200)) - covered)
    for thread in threads:
        places = [
            us for run in table.runs() if run.thread == thread for us in range(run.start_us, run.end_us)
        ]
        assert places == sorted(set(places))
        assert set(places) <= covered


def test_segments_beside_others_share_their_time_and_leave_no_gap_twice() -> None:
    builder = TableBuilder()
    lane, goroutine = (builder.thread(0, name, 0, kind) for name, kind in KINDS)
    stack = builder.stack([LOOP])
    builder.add_beside(Span(20, 60, 100), [Row(20, lane, stack), Row(40, lane, GONE)])
    builder.add_beside(Span(10, 90, 1), [Row(10, goroutine, stack)])
    table = builder.freeze(0, 100)
    assert [(run.thread, run.start_us, run.end_us) for run in table.runs()] == [
        (lane, 20, 40),
        (goroutine, 10, 90),
    ]
    assert list(table.gaps()) == [(0, 10), (90, 100)]
    assert [thread.kind for thread in table.threads] == [kind for _, kind in KINDS]
