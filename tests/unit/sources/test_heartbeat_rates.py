from hypothesis import given
from hypothesis import strategies as st

from daemon.sources.heartbeat.rates import Rates


def test_a_seconds_worth_may_come_at_once() -> None:
    rates = Rates()
    assert [rates.wait_s("a", {"a": 3}, 0.0) for _ in range(4)] == [0, 0, 0, 1]


def test_tokens_come_back_with_time() -> None:
    rates, targets = Rates(), {"a": 2}
    for _ in range(2):
        rates.wait_s("a", targets, 0.0)
    assert rates.wait_s("a", targets, 0.4) == 1
    assert rates.wait_s("a", targets, 0.5) == 0
    assert rates.wait_s("a", targets, 0.6) == 1


def test_targets_that_are_gone_are_forgotten() -> None:
    rates = Rates()
    for number in range(100):
        rates.wait_s(f"target-{number}", {f"target-{number}": 1}, 0.0)
    assert len(rates._tokens) == 1


@given(st.integers(1, 50), st.lists(st.floats(0, 0.5), max_size=200))
def test_over_any_time_no_more_than_the_rate_and_one_burst_pass(per_s: int, pauses_s: list[float]) -> None:
    rates, now_s, passed = Rates(), 0.0, 0
    for pause_s in pauses_s:
        now_s += pause_s
        passed += rates.wait_s("a", {"a": per_s}, now_s) == 0
    assert passed <= per_s * (now_s + 1) + 1e-6
