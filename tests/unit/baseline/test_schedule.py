"""When healthy iterations are sampled: soon at first, a few an hour later, and never much of the time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.baseline.schedule import (
    DUTY,
    EVERY_AT_FIRST_S,
    EVERY_S,
    MOST_ITERATIONS,
    SEALED_S,
    SITTING_AT_FIRST_S,
    SITTING_MOST_S,
    SITTING_S,
    Done,
    Schedule,
)


def played(schedule: Schedule, lasts_s: float, until_s: float, since_s: float = 0.0) -> tuple[int, float]:
    """Iterations in a row, each sitting closed when it is over; how many there were, and their time."""
    sittings, sampled_s, at_s = 0, 0.0, since_s
    while at_s < until_s:
        schedule.wanted(at_s)
        schedule.ended(Done(None, at_s, at_s + lasts_s))
        at_s += lasts_s
        if schedule.sitting is not None and schedule.sitting.over_s is not None:
            sittings += 1
            sampled_s += schedule.sitting.over_s - schedule.sitting.began_s
            schedule.close(at_s)
    return sittings, sampled_s


def test_the_first_iteration_is_wanted_at_once() -> None:
    assert Schedule(100.0).wanted(100.0)


def test_a_long_iteration_fills_a_sitting() -> None:
    schedule = Schedule(0.0)
    assert schedule.wanted(0.0)
    schedule.ended(Done("1", 0.0, 2.0))
    assert not schedule.wanted(2.0)
    assert schedule.sitting is not None
    assert [one.iteration for one in schedule.sitting.done] == ["1"]


@pytest.mark.parametrize(("known", "least_s"), [(False, SITTING_AT_FIRST_S), (True, SITTING_S)])
def test_short_iterations_are_sampled_in_a_row(known: bool, least_s: float) -> None:
    schedule = Schedule(0.0)
    schedule.known = known
    at_s = 0.0
    while schedule.wanted(at_s):
        schedule.ended(Done(None, at_s, at_s + 0.05))
        at_s += 0.1
    assert schedule.sitting is not None
    assert least_s <= at_s <= least_s + 0.2
    assert len(schedule.sitting.done) == round(at_s / 0.1)


def test_iterations_far_apart_are_waited_for_and_not_for_ever() -> None:
    schedule = Schedule(0.0)
    assert schedule.wanted(0.0)
    schedule.ended(Done(None, 0.0, 0.05))
    assert schedule.wanted(SITTING_S + 1, in_flight=False)
    schedule.ended(Done(None, 10.0, 10.05))
    assert schedule.wanted(SITTING_MOST_S - 1, in_flight=False)
    assert not schedule.wanted(SITTING_MOST_S, in_flight=False)
    assert schedule.sitting is not None
    assert len(schedule.sitting.done) == 2


def test_an_overrun_ends_a_sitting() -> None:
    schedule = Schedule(0.0)
    assert schedule.wanted(0.0)
    schedule.ended(Done("1", 0.0, 0.1))
    schedule.overran(0.9)
    assert not schedule.wanted(1.0)
    assert schedule.sitting is not None
    assert [one.iteration for one in schedule.sitting.done] == ["1"]


def test_nothing_begins_while_nothing_is_in_flight() -> None:
    schedule = Schedule(0.0)
    assert not schedule.wanted(10.0, in_flight=False)
    assert schedule.wanted(10.0)


def test_very_short_ones_are_bounded_in_number() -> None:
    schedule = Schedule(0.0)
    for number in range(2 * MOST_ITERATIONS):
        schedule.wanted(number / 1000)
        schedule.ended(Done(None, number / 1000, number / 1000 + 0.0005))
    assert schedule.sitting is not None
    assert len(schedule.sitting.done) == MOST_ITERATIONS


def test_more_is_sampled_while_there_is_no_baseline() -> None:
    first, later = Schedule(0.0), Schedule(0.0)
    later.known = True
    assert played(first, 1.0, 3600.0)[0] == 3600 / EVERY_AT_FIRST_S
    assert played(later, 1.0, 3600.0)[0] == 3600 / EVERY_S


@given(st.floats(5.0, 3000.0))
def test_the_duty_is_bounded_however_long_iterations_are(lasts_s: float) -> None:
    schedule = Schedule(0.0)
    schedule.known = True
    day_s = 86400.0
    _, sampled_s = played(schedule, lasts_s, day_s)
    assert sampled_s <= DUTY * day_s + SITTING_S + 2 * lasts_s + day_s / EVERY_S * 2 * SITTING_S


def test_an_iteration_that_began_long_before_the_sitting_is_left_out() -> None:
    schedule = Schedule(0.0)
    assert schedule.wanted(50.0)
    schedule.ended(Done("old", 10.0, 50.5))
    assert schedule.sitting is not None
    assert schedule.sitting.done == []


def test_a_sitting_is_waited_for_until_its_segments_must_be_whole() -> None:
    schedule = Schedule(0.0)
    schedule.wanted(0.0)
    schedule.ended(Done(None, 0.0, 5.0))
    assert schedule.sitting is not None
    assert not schedule.sitting.sealed(5.0 + SEALED_S - 0.1)
    assert schedule.sitting.sealed(5.0 + SEALED_S)
