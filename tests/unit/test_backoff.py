import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.delivery.backoff import FIRST_S, LONGEST_ASKED_S, MOST_S, delay_s


def most(low: float, high: float) -> float:
    return high


def least(low: float, high: float) -> float:
    return low


def test_waits_double_up_to_a_bound() -> None:
    waits = [delay_s(attempts, None, most) for attempts in range(1, 12)]
    assert waits[:4] == [FIRST_S, 2 * FIRST_S, 4 * FIRST_S, 8 * FIRST_S]
    assert waits[-1] == MOST_S
    assert delay_s(10**9, None, most) == MOST_S


def test_jitter_is_full() -> None:
    assert delay_s(5, None, least) == 0.0
    seen = [delay_s(5, None, random.Random(7).uniform) for _ in range(3)]
    assert all(0 <= wait_s <= 16 * FIRST_S for wait_s in seen)


@pytest.mark.parametrize(("asked_s", "waits_s"), [(0.0, 1.0), (0.5, 1.0), (20.0, 20.0), (900.0, 900.0)])
def test_it_is_never_sooner_than_the_other_side_asked_for(asked_s: float, waits_s: float) -> None:
    assert delay_s(1, asked_s, most) == waits_s


def test_nobody_can_ask_for_years() -> None:
    assert delay_s(1, 1e12, least) == LONGEST_ASKED_S


@given(st.integers(0, 10**6), st.none() | st.floats(0, 1e15), st.floats(0, 1))
def test_every_wait_is_bounded(attempts: int, asked_s: float | None, share: float) -> None:
    wait_s = delay_s(attempts, asked_s, lambda low, high: low + share * (high - low))
    assert 0 <= wait_s <= LONGEST_ASKED_S
