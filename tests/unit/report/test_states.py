"""Looks give runs their state, and threads their end."""

from model.samples import GONE, Frame, Row, SampleTable, Span, State, TableBuilder, Thread, ThreadKind
from report.evidence.looks import Look, Sighting
from report.evidence.states import assign

SECOND = 1_000_000
MAIN = Thread(7, "main", 7)
WORK = Frame("work", "/srv/a.py", 9)
REST = Frame("rest", "/srv/a.py", 20)


def _look(at_s: float, state: State, frame: Frame = WORK, thread: Thread = MAIN) -> Look:
    return Look(round(at_s * SECOND), (Sighting(thread, (frame,), state, False, ""),))


def _table(*rows: tuple[float, Frame], spans: int = 1) -> SampleTable:
    builder = TableBuilder()
    for number in range(spans):
        start_us = number * 5 * SECOND
        found = [
            Row(start_us + round(at_s * SECOND), builder.thread(*MAIN), builder.stack([frame]))
            for at_s, frame in rows
        ]
        builder.add(Span(start_us, start_us + 5 * SECOND, 100), found)
    return builder.freeze(0, spans * 5 * SECOND)


def _story(table: SampleTable) -> list[tuple[float, float, State]]:
    return [
        (round(run.start_us / SECOND, 3), round(run.end_us / SECOND, 3), run.state) for run in table.runs()
    ]


def test_a_run_near_a_look_at_the_same_function_has_its_state() -> None:
    table = assign(_table((0, REST), (1, WORK), (2, REST)), [_look(1.5, State.RUNNING_GIL)])
    assert _story(table)[1] == (1, 2, State.RUNNING_GIL)


def test_a_look_at_another_function_tells_nothing() -> None:
    assert {state for _, _, state in _story(assign(_table((0, WORK)), [_look(1, State.WAITING, REST)]))} == {
        State.UNKNOWN
    }


def test_the_nearest_look_wins_and_a_long_run_is_cut_half_way_between_looks() -> None:
    looks = [_look(1, State.WAITING), _look(3, State.RUNNING_GIL), _look(4, State.RUNNING_GIL)]
    assert _story(assign(_table((0, WORK)), looks)) == [(0, 2, State.WAITING), (2, 5, State.RUNNING_GIL)]


def test_beyond_the_reach_of_a_look_the_state_is_not_known() -> None:
    story = _story(assign(_table((0, WORK)), [_look(0, State.WAITING), _look(5, State.WAITING)]))
    assert [state for _, _, state in story] == [State.WAITING, State.UNKNOWN, State.WAITING]
    assert [end_s for _, end_s, _ in story] == [1.5, 3.5, 5]


def test_time_is_the_same_before_and_after() -> None:
    table = _table((0.5, WORK), (1, REST), (4, WORK), spans=2)
    looks = [_look(number, State.WAITING) for number in range(10)]
    total_us = sum(run.end_us - run.start_us for run in table.runs())
    assert sum(run.end_us - run.start_us for run in assign(table, looks).runs()) == total_us


def test_a_thread_that_looks_do_not_find_any_more_ends_there() -> None:
    other = Thread(8, "other", 7)
    looks = [_look(1, State.WAITING), *(_look(at_s, State.WAITING, thread=other) for at_s in (2, 3))]
    assert _story(assign(_table((0, WORK)), looks)) == [(0, 2, State.WAITING)]


def test_a_thread_that_one_look_missed_goes_on() -> None:
    looks = [_look(1, State.WAITING), Look(2 * SECOND, ()), _look(3, State.WAITING), _look(4, State.WAITING)]
    assert _story(assign(_table((0, WORK)), looks)) == [(0, 5, State.WAITING)]


def test_a_thread_seen_again_in_the_trace_after_a_look_goes_on() -> None:
    looks = [_look(0.5, State.WAITING), Look(1 * SECOND, ())]
    story = _story(assign(_table((0, WORK), (2, REST)), looks))
    assert story[-1] == (2, 5, State.UNKNOWN)


def test_without_looks_nothing_is_known_and_nothing_lost() -> None:
    assert _story(assign(_table((0, WORK)), [])) == [(0, 5, State.UNKNOWN)]


def test_rows_that_know_their_state_keep_it_and_their_end() -> None:
    builder = TableBuilder()
    loop = builder.thread(0, "goroutine 1 main.main", 7, ThreadKind.LOOP)
    rows = [Row(0, loop, builder.stack([WORK]), State.WAITING), Row(SECOND, loop, GONE)]
    builder.add_beside(Span(0, 3 * SECOND, 1), rows)
    looks = [_look(0.5, State.RUNNING_GIL), _look(0.7, State.RUNNING_GIL)]
    assert _story(assign(builder.freeze(0, 3 * SECOND), looks)) == [(0, 1, State.WAITING)]
