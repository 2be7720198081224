"""The CPU budget: from what a sample costs to how often one is taken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.contract import Cost
from collectors.pyspy import PySpy
from daemon.capture.budget import (
    MAX_BYTES_PER_S,
    MAX_RATE_HZ,
    MIN_RATE_HZ,
    SEGMENT_S,
    SHORT_SEGMENT_S,
    Account,
    Limits,
    Pace,
    Spent,
    adjusted,
    estimate,
)

SMALL, LARGE, HUGE = (Cost(threads=n, frames=n * 60) for n in (2, 50, 2000))
BUDGET = 0.25


def pace(rate_hz: int, segment_s: float = SEGMENT_S) -> Pace:
    return Pace(rate_hz=rate_hz, segment_s=segment_s, reason="")


def test_a_small_target_is_sampled_as_often_as_can_be():
    assert estimate(PySpy(), SMALL, Limits()).rate_hz == MAX_RATE_HZ


def test_a_large_target_is_sampled_as_often_as_the_budget_pays_for():
    found = estimate(PySpy(), LARGE, Limits(cpu=BUDGET))
    spent = found.rate_hz * PySpy().sample_s(LARGE) + PySpy().segment_s(LARGE) / found.segment_s
    assert 0.6 * BUDGET < spent < BUDGET
    assert estimate(PySpy(), LARGE, Limits(cpu=BUDGET / 2)).rate_hz < found.rate_hz
    assert "25% of a core" in found.reason


def test_a_target_that_takes_longer_to_record_than_there_is_time_gets_looks_only():
    found = estimate(PySpy(), HUGE, Limits())
    assert found.rate_hz == 0
    assert "only looks" in found.reason


def test_a_machine_that_looked_slowly_is_sampled_more_rarely():
    slow = Cost(threads=50, frames=3000, slowness=2.0)
    assert estimate(PySpy(), slow, Limits()).rate_hz < estimate(PySpy(), LARGE, Limits()).rate_hz


def test_an_uncertain_estimate_is_tried_in_a_short_segment():
    uncertain = Cost(threads=5, frames=100, slowness=2.0)
    assert estimate(PySpy(), uncertain, Limits()).segment_s == SHORT_SEGMENT_S
    certain = Cost(threads=2, frames=20)
    assert estimate(PySpy(), certain, Limits()).segment_s == SEGMENT_S


def test_a_configured_rate_stays_whatever_it_costs():
    found = estimate(PySpy(rate_hz=200), HUGE, Limits())
    assert (found.rate_hz, found.reason, found.fixed) == (200, "configured", True)
    assert adjusted(found, Spent(wall_s=5, cpu_s=5), BUDGET, 0.1) is found


@pytest.mark.parametrize("rate_hz", [None, 100])
def test_pauses_bound_the_rate_also_a_configured_one(rate_hz):
    sampler = PySpy(blocking=True, rate_hz=rate_hz)
    cost = Cost(threads=50, frames=500)
    found = estimate(sampler, cost, Limits(pause=0.01))
    assert found.rate_hz == int(0.01 / sampler.pause_s(cost)) == 2
    assert "pause the target for 1%" in found.reason
    assert estimate(sampler.gentle(), cost, Limits(pause=0.01)).rate_hz > 10


def test_a_rate_follows_what_samples_really_cost():
    taken = Spent(wall_s=5, cpu_s=5 * 0.5)  # twice the budget
    assert adjusted(pace(100), taken, BUDGET, 0.0).rate_hz == 50
    cheap = Spent(wall_s=5, cpu_s=5 * 0.05)
    assert adjusted(pace(10), cheap, BUDGET, 0.0).rate_hz == 20  # twice as fast at the most
    near = Spent(wall_s=5, cpu_s=5 * 0.24)
    assert adjusted(pace(50), near, BUDGET, 0.0).rate_hz == 50


def test_looks_are_paid_from_the_same_budget():
    alone = adjusted(pace(50), Spent(wall_s=5, cpu_s=1.25), BUDGET, 0.0)
    with_looks = adjusted(pace(50), Spent(wall_s=5, cpu_s=1.25, looks_s=0.5), BUDGET, 0.0)
    assert alone.rate_hz == 50
    assert with_looks.rate_hz == 30


def test_files_that_grow_too_fast_lower_the_rate_too():
    grown = Spent(wall_s=5, cpu_s=0.1, size_bytes=2 * 5 * MAX_BYTES_PER_S)
    assert adjusted(pace(40), grown, BUDGET, 0.0).rate_hz == 20


@given(
    sample_s=st.floats(1e-5, 0.2),
    once_s=st.floats(0, 0.3),
    first_hz=st.integers(MIN_RATE_HZ, MAX_RATE_HZ),
)
def test_the_rate_settles_within_the_budget_whatever_it_began_with(sample_s, once_s, first_hz):
    now = pace(first_hz)
    for _ in range(12):
        cpu_s = min(SEGMENT_S, once_s + sample_s * now.rate_hz * SEGMENT_S)
        now = adjusted(now, Spent(wall_s=SEGMENT_S, cpu_s=cpu_s), BUDGET, once_s)
        assert MIN_RATE_HZ <= now.rate_hz <= MAX_RATE_HZ
    share = sample_s * now.rate_hz + once_s / SEGMENT_S
    floor = sample_s * MIN_RATE_HZ + once_s / SEGMENT_S
    assert share <= max(BUDGET * 1.11, floor, BUDGET / 4 + once_s / SEGMENT_S)


def test_what_was_spent_is_rested_for():
    account = Account(BUDGET, began_s=100.0)
    account.spend(1.0)
    assert account.rest_s(102.0) == pytest.approx(2.0)
    assert account.rest_s(104.0) == 0
    assert account.allowed(104.0) > account.allowed(102.0) >= BUDGET / 4


@given(st.lists(st.tuples(st.floats(0.01, 5), st.floats(0.01, 5)), min_size=1, max_size=30))
def test_whoever_rests_as_told_is_within_the_budget(segments):
    now_s, account = 0.0, Account(BUDGET, began_s=0.0)
    for wall_s, cpu_s in segments:
        now_s += wall_s
        account.spend(min(cpu_s, wall_s))
        now_s += account.rest_s(now_s)
        assert account.spent_s <= BUDGET * now_s * 1.0001


def test_only_gross_excess_ends_a_segment_early():
    account = Account(BUDGET, began_s=0.0)
    within = [account.gross(0.1 + 0.2 + BUDGET * s, s, 0.2) for s in (0.25, 1, 5)]
    beyond = [account.gross(0.9 * s, s, 0.05) for s in (1, 2, 5)]
    assert not any(within)
    assert all(beyond)
