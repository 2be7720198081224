"""What the dashcam may spend, and its patience with what fails."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.dashcam.purse import MOST_DELAY_S, Backoff, Purse


def test_what_is_spent_comes_back_with_time():
    purse = Purse(share=0.01, most_s=2.0, now_s=100.0)
    assert purse.ready_in_s(0.1, 100.0) == 0
    purse.spend(2.0)
    assert purse.ready_in_s(0.1, 100.0) == pytest.approx(10.0)
    assert purse.ready_in_s(0.1, 105.0) == pytest.approx(5.0)
    assert purse.ready_in_s(0.1, 110.0) == pytest.approx(0.0)


def test_it_may_owe():
    purse = Purse(share=0.01, most_s=1.0, now_s=0.0)
    purse.spend(3.0)
    assert purse.ready_in_s(0.1, 0.0) == pytest.approx(210.0)


@given(st.lists(st.tuples(st.floats(0, 1000), st.floats(0, 1)), max_size=50))
def test_no_more_is_spent_than_was_earned_and_saved_up(steps: list[tuple[float, float]]):
    share, most_s, now_s, spent_s = 0.01, 2.0, 0.0, 0.0
    purse = Purse(share, most_s, now_s)
    for passed_s, cost_s in steps:
        now_s += passed_s
        if purse.ready_in_s(0.1, now_s) == 0:
            assert spent_s <= most_s + share * now_s + 1e-6
            purse.spend(cost_s)
            spent_s += cost_s


def test_each_failure_in_a_row_makes_the_wait_longer():
    backoff = Backoff()
    waits_s = []
    for _ in range(12):
        backoff.failed(1000.0, "py-spy was ended by signal 9")
        waits_s.append(backoff.until_s - 1000.0)
    assert waits_s[:3] == [1.0, 2.0, 4.0]
    assert waits_s[-1] == MOST_DELAY_S
    assert (backoff.failures, backoff.why) == (12, "py-spy was ended by signal 9")
    backoff.worked()
    assert backoff.until_s < 0
    backoff.failed(1000.0, "again")
    assert backoff.until_s == 1001.0


def test_another_mode_brings_no_money():
    purse = Purse.of("continuous", 0.0)
    purse.spend(3.0)
    purse.earn_as("adaptive")
    assert purse.ready_in_s(0.1, 0.0) == pytest.approx(220.0)  # 1.1 s at half a percent
    assert purse.ready_in_s(0.1, 220.0) == pytest.approx(0.0)
