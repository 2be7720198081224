"""When an iteration is slow, and how often it is sampled then."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.dashcam import pacing
from daemon.dashcam.pacing import Ages, adaptive, begins_s, segment_s, steady
from model.history import History

TIMES_S = st.floats(0.01, 86400)


def usual(p99_s: float, iterations: int = 100) -> History:
    return History(iterations=iterations, median_s=p99_s / 2, p90_s=p99_s, p99_s=p99_s, most_s=p99_s)


def test_an_iteration_is_slow_after_a_quarter_of_its_threshold():
    assert begins_s(120.0) == 30.0


def test_or_when_it_is_slower_than_others_were():
    assert begins_s(120.0, usual(4.0)) == 6.0
    assert begins_s(120.0, usual(60.0)) == 30.0


def test_a_short_history_is_not_believed():
    assert begins_s(120.0, usual(4.0, iterations=pacing.HISTORY_NEEDS - 1)) == 30.0


@pytest.mark.parametrize(("threshold_s", "begin_s"), [(0.05, None), (0.1, None), (0.2, 0.1), (0.5, 0.125)])
def test_a_tiny_threshold_leaves_a_sampler_time_to_begin(threshold_s: float, begin_s: float | None):
    assert begins_s(threshold_s) == begin_s
    assert begins_s(threshold_s, usual(0.001)) == (None if begin_s is None else 0.1)


def test_the_rate_rises_from_half_to_twice_the_base():
    rates = [adaptive(10, Ages(age_s, 30.0, 120.0)).rate_hz for age_s in (30.0, 60.0, 90.0, 119.0)]
    assert rates == sorted(rates)
    assert (rates[0], rates[-1]) == (6, 20)


def test_beyond_the_threshold_it_is_low_again():
    wish = adaptive(10, Ages(121.0, 30.0, 120.0))
    assert (wish.rate_hz, wish.look_every_s) == (5, pacing.CALM_LOOK_S)


@given(TIMES_S, TIMES_S, st.integers(1, 20))
def test_it_is_never_without_bounds(threshold_s: float, age_s: float, base_hz: int):
    begin_s = begins_s(threshold_s)
    if begin_s is not None:
        assert pacing.LEAST_AGE_S <= begin_s < threshold_s
        wish = adaptive(base_hz, Ages(age_s, begin_s, threshold_s))
        assert 1 <= wish.rate_hz <= max(4, 2 * base_hz)
        assert pacing.SHORTEST_S <= segment_s(begin_s, threshold_s) <= pacing.SEGMENT_S


def test_a_steady_pace_looks_more_often_where_it_is_slow():
    assert steady(10, slow=True).look_every_s < steady(10, slow=False).look_every_s
    assert steady(10, slow=True).rate_hz == steady(10, slow=False).rate_hz == 10
