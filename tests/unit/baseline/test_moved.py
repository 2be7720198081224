"""Two profiles side by side: what moved, in both directions."""

from itertools import pairwise

import pytest
from hypothesis import given

from model.comparison import Doing
from model.samples import State
from report.baseline.calls import Calls
from report.baseline.groups import group
from report.baseline.moved import Side, moved
from tests.unit.baseline.calling import calls, some_calls


def test_what_vanished_and_what_is_new_are_both_told() -> None:
    stalled = calls({"MainThread;loop;refresh;recv": 30.0, "worker;wait": 30.0})
    healthy = calls({"MainThread;loop;plan": 0.2, "MainThread;loop;refresh;recv": 0.1, "worker;wait": 0.3})
    found = {(one.thread, one.function): one for one in moved(Side(stalled), Side(healthy))}
    assert found["MainThread", "plan"].stalled_share == 0
    assert found["MainThread", "plan"].healthy_share == pytest.approx(0.6667)
    assert ("MainThread", "refresh") not in found  # it only calls the next one
    assert found["MainThread", "recv"].stalled_share == 1
    assert found["MainThread", "recv"].healthy_s == pytest.approx(0.1)
    assert found["MainThread", "recv"].doing is Doing.WAITING
    assert ("worker", "wait") not in found  # it does what it always does
    assert ("MainThread", "loop") not in found


@given(some_calls, some_calls)
def test_it_is_the_same_seen_from_the_other_side(one: Calls, other: Calls) -> None:
    forth = {
        (m.thread, m.function): (m.stalled_share, m.healthy_share) for m in moved(Side(one), Side(other))
    }
    back = {(m.thread, m.function): (m.healthy_share, m.stalled_share) for m in moved(Side(other), Side(one))}
    assert forth == back


@given(some_calls)
def test_nothing_moved_against_itself(found: Calls) -> None:
    assert moved(Side(found), Side(found, 0.5)) == ()


@given(some_calls, some_calls)
def test_the_largest_moves_come_first(one: Calls, other: Calls) -> None:
    shares = [abs(m.stalled_share - m.healthy_share) for m in moved(Side(one), Side(other))]
    assert all(before >= after - 0.01 for before, after in pairwise(shares))


def test_a_recursion_counts_once() -> None:
    [one, *_] = moved(Side(calls({"m;f;f;f": 2.0})), Side(calls({"m;g": 1.0})))
    assert max(one.stalled_s, one.healthy_s) <= 2.0


def test_a_side_without_states_makes_no_moves_of_its_own() -> None:
    stalled = calls({"m;loop;wait": 3.0}, State.WAITING)
    healthy = calls({"m;loop;wait": 1.0, "m;loop;plan": 1.0}, State.UNKNOWN)
    found = {one.function: one for one in moved(Side(stalled), Side(healthy))}
    assert found.keys() == {"wait", "plan"}
    assert (found["wait"].doing, found["plan"].doing) == (Doing.WAITING, Doing.UNKNOWN)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("worker-12", "worker"),
        ("ThreadPoolExecutor-0_3", "ThreadPoolExecutor"),
        ("Thread-7 (poll)", "Thread (poll)"),
        ("asyncio_0", "asyncio"),
        ("MainThread", "MainThread"),
        ("pool-1-worker-2", "pool-worker"),
        ("reader 0x7f3a91", "reader"),
        ("job-3fa85f64c1", "job"),
        ("17", "thread"),
        ("", "thread"),
        ("decode", "decode"),
    ],
)
def test_threads_with_numbers_are_a_group(name: str, expected: str) -> None:
    assert group(name) == expected


def test_what_is_not_known_of_a_stack_is_taken_to_be_as_the_rest() -> None:
    stalled, healthy = calls({"m;loop;wait": 2.0}), calls({"m;loop;wait": 2.0})
    [where] = stalled.seconds
    stalled.seconds[where._replace(state=State.UNKNOWN)] = 0.1
    assert moved(Side(stalled), Side(healthy)) == ()
