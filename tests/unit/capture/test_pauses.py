"""When a target has been held for too long."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.capture.pauses import INTERVAL_S, PauseMeter

BUDGET = 0.01


def seen(glances: list[bool], budget: float = BUDGET) -> list[str]:
    meter = PauseMeter(budget)
    return [meter.see(number * INTERVAL_S, stopped=stopped) for number, stopped in enumerate(glances)]


def test_a_target_that_stands_still_is_noticed_after_a_quarter_of_a_second():
    said = seen([False] * 20 + [True] * 10)
    first = next(number for number, words in enumerate(said) if words)
    assert first - 20 == 0.25 / INTERVAL_S + 1
    assert said[first] == "it held the target for 300 ms"


def test_a_target_that_is_never_held_is_left_alone():
    assert not any(seen([False] * 1000))


def test_single_glances_at_a_held_target_prove_nothing():
    assert not any(seen(([False] * 19 + [True]) * 20, budget=0.03))


def test_a_share_clearly_above_the_budget_is_too_much():
    said = seen([True, False, False] * 40)
    assert "over 1%" in next(words for words in said if words)


@given(st.lists(st.booleans(), max_size=300))
@pytest.mark.parametrize("budget", [0.5])
def test_up_to_the_budget_nobody_is_ended_but_for_standing_still(budget, glances):
    spread = [stopped and number % 2 == 0 for number, stopped in enumerate(glances)]
    assert not any(seen(spread, budget))
