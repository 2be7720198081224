"""py-spy's files become rows and sightings."""

import json
from collections.abc import Sequence

import msgspec
import pytest

from model.samples import Frame, SampleTable, Span, State, TableBuilder
from report.evidence import pyspy
from report.evidence.looks import Scheduled
from tests.reports import DEFAULT_ROWS, MAIN_STACK, PID, Row, look, trace

SPAN = Span(5_000_000, 6_000_000, 100)
HOSTILE = "</title><script>alert(1)</script>;\n\x1b[31m"


def _table(data: bytes) -> SampleTable:
    builder = TableBuilder()
    builder.add(SPAN, pyspy.rows(data, SPAN, builder))
    return builder.freeze(SPAN.start_us, SPAN.end_us)


def _story(data: bytes) -> list[tuple[str, str, int, int]]:
    """Thread, innermost function, start and end in milliseconds of the segment."""
    table = _table(data)
    return [
        (
            table.threads[run.thread].name,
            table.frames[table.tops[run.stack]].function,
            (run.start_us - SPAN.start_us) // 1000,
            (run.end_us - SPAN.start_us) // 1000,
        )
        for run in table.runs()
    ]


def _rows(*rows: tuple[float, int, str, str]) -> list[Row]:
    return [(at_s, tid, name, [(function, "/a.py", 1)]) for at_s, tid, name, function in rows]


def test_stacks_hold_from_their_time_on() -> None:
    assert _story(trace((*DEFAULT_ROWS[:1], (0.4, PID, "MainThread", MAIN_STACK[:2])), 1.0)) == [
        ("MainThread", "simulate", 0, 400),
        ("MainThread", "run_once", 400, 1000),
    ]


def test_the_pseudo_frame_gives_number_and_name_and_is_no_frame() -> None:
    table = _table(trace(DEFAULT_ROWS[:1], 1.0))
    assert [(thread.os_id, thread.name, thread.pid) for thread in table.threads] == [(PID, "MainThread", PID)]
    assert [frame.function for frame in table.frames] == [name for name, _, _ in MAIN_STACK]


def test_the_end_of_the_file_after_the_end_of_the_segment_is_cut() -> None:
    assert _story(trace(_rows((0.0, 1, "a", "f")), 1.7)) == [("a", "f", 0, 1000)]


def test_a_thread_that_took_over_a_pthread_id_ends_the_one_before() -> None:
    data = trace(_rows((0.0, 1, "a", "f"), (0.5, 2, "b", "g")), 1.0)
    same = data.replace(b"140000000000002", b"140000000000001")
    events = sorted(json.loads(same), key=lambda event: event["ts"])
    ended = [event for event in events if event["ph"] == "E"]
    first = [event for event in ended if "(1)" in event["name"] or event["name"] == "f"]
    for event in first:
        event["ts"] = 500_000
    begun = [event for event in events if event["ph"] == "B"]
    last = [event for event in ended if event not in first]
    assert _story(json.dumps([*begun[:2], *first, *begun[2:], *last]).encode()) == [
        ("a", "f", 0, 500),
        ("b", "g", 500, 1000),
    ]


@pytest.mark.threat("secrets")
def test_a_process_frame_is_dropped_with_the_arguments_in_its_name() -> None:
    secret = 'process 77:"/usr/bin/python job.py --token=hunter2"'
    events = json.loads(trace(_rows((0.0, 1, "a", "f")), 1.0))
    begin = {**events[0], "name": secret}
    end = {**events[-1], "name": secret}
    table = _table(json.dumps([begin, *events, end]).encode())
    assert [frame.function for frame in table.frames] == ["f"]
    assert "hunter2" not in repr(table)


def test_recursion_keeps_each_frame() -> None:
    deep: Sequence[tuple[str, str, int]] = [("fib", "/a.py", 2)] * 40
    table = _table(trace([(0.0, 1, "a", deep), (0.5, 1, "a", deep[:20])], 1.0))
    assert [len(table.stack_frames(run.stack)) for run in table.runs()] == [40, 20]


@pytest.mark.threat("collapsed")
@pytest.mark.parametrize("name", [HOSTILE, "thread (5): other", "process 1:x", "", "a\nb"])
def test_hostile_names_of_threads_and_functions_stay_what_they_are(name: str) -> None:
    table = _table(trace([(0.0, 1, name, [(name or "f", "/a.py", 1)])], 1.0))
    assert [thread.name for thread in table.threads] == [name]
    assert table.frames == (Frame(name or "f", "/a.py", 1),)


def test_a_thread_without_python_frames_is_still_there() -> None:
    assert _story(trace([(0.0, 1, "a", [])], 1.0)) == [("a", "(no Python frame)", 0, 1000)]


@pytest.mark.parametrize("damage", [b"", b"[", b"{}", b"null", b'[{"ph": "B"}]'])
def test_a_damaged_segment_is_told(damage: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        pyspy.rows(damage, SPAN, TableBuilder())


def test_an_end_without_a_beginning_is_damage() -> None:
    events = json.loads(trace(DEFAULT_ROWS, 1.0))
    with pytest.raises(ValueError, match="ends that never began"):
        pyspy.rows(json.dumps(events[3:]).encode(), SPAN, TableBuilder())


def test_an_empty_segment_has_no_rows() -> None:
    assert pyspy.rows(b"[]", SPAN, TableBuilder()) == []


@pytest.mark.parametrize(
    ("active", "owner", "kernel", "state"),
    [
        (True, True, "R", State.RUNNING_GIL),
        (False, True, "S", State.WAITING_GIL),
        (True, False, "R", State.RUNNING),
        (True, False, "S", State.WANTING_GIL),
        (False, False, "S", State.WAITING),
        (False, False, "D", State.WAITING),
        (False, False, "T", State.WAITING),
        (False, False, "Z", State.UNKNOWN),
        (True, False, None, State.UNKNOWN),
        (False, False, None, State.WAITING),
    ],
)
def test_the_sampler_and_the_kernel_together_tell_the_state(
    active: bool, owner: bool, kernel: str | None, state: State
) -> None:
    data = look(DEFAULT_ROWS[:1], active=[PID] if active else [], owner=PID if owner else None)
    known = {PID: Scheduled(state=kernel)} if kernel else {}
    (seen,) = pyspy.sightings(data, known)
    assert seen.state == state
    assert [frame.function for frame in seen.frames] == [name for name, _, _ in MAIN_STACK]


def test_an_active_thread_that_sleeps_in_poll_waits_for_no_lock() -> None:
    (seen,) = pyspy.sightings(look(DEFAULT_ROWS[:1], active=[PID]), {PID: Scheduled("S", "do_poll")})
    assert seen.state == State.WAITING


@pytest.mark.parametrize(
    ("kernel", "owner", "state"),
    [
        ({5: Scheduled("S", "futex_wait")}, False, State.WAITING),
        ({5: Scheduled("R")}, False, State.RUNNING),
        ({5: Scheduled("R")}, True, State.RUNNING_GIL),
        ({5: Scheduled("S")}, True, State.WAITING_GIL),
        ({}, False, State.UNKNOWN),
    ],
)
def test_the_main_thread_of_an_old_python_is_known_by_the_process(
    kernel: dict[int, Scheduled], owner: bool, state: State
) -> None:
    seen = {"pid": 5, "thread_id": 140, "thread_name": "MainThread", "os_thread_id": None}
    seen |= {"active": True, "owns_gil": owner, "frames": []}
    (sighting,) = pyspy.sightings(json.dumps([seen]).encode(), kernel)
    assert sighting.state is state


def test_other_threads_of_an_old_python_are_not_guessed_at() -> None:
    seen = {"pid": 5, "thread_id": 140, "thread_name": "other", "os_thread_id": None}
    seen |= {"active": True, "owns_gil": False, "frames": []}
    (sighting,) = pyspy.sightings(json.dumps([seen]).encode(), {5: Scheduled("S")})
    assert sighting.state is State.UNKNOWN
