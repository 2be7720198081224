"""Durations: exact enough, in a bounded place, and kept across restarts."""

from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.baseline.durations import HALF_LIFE_S, RECENT, Durations
from model import coding

durations = st.floats(1e-5, 1e5)


def of(durations_s: list[float]) -> Durations:
    found = Durations(0.0)
    for number, duration_s in enumerate(durations_s):
        found.add(float(number), duration_s)
    return found


@given(st.lists(durations, min_size=1, max_size=300))
def test_figures_are_within_a_few_percent(durations_s: list[float]) -> None:
    history = of(durations_s).history()
    assert history is not None
    ordered = sorted(durations_s)
    for figure, share in ((history.median_s, 0.5), (history.p90_s, 0.9), (history.p99_s, 0.99)):
        assert figure == pytest.approx(ordered[ceil(share * len(ordered)) - 1], rel=0.045)
    assert history.most_s == max(durations_s)
    assert history.iterations == len(durations_s)


def test_the_last_hundred_are_exact_and_in_order() -> None:
    history = of([1.0 + number / 1000 for number in range(RECENT + 50)]).history()
    assert history is not None
    assert history.recent == tuple((float(n), 1.0 + n / 1000) for n in range(50, RECENT + 50))


def test_nothing_is_known_at_first() -> None:
    assert Durations(0.0).history() is None
    assert Durations(0.0).figures() is None


def test_figures_for_each_iteration_are_worked_out_now_and_then() -> None:
    found = of([1.0] * 100)
    first = found.figures()
    found.add(101.0, 5.0)
    assert found.figures() is first
    for number in range(100):
        found.add(102.0 + number, 5.0)
    later = found.figures()
    assert later is not None
    assert later.iterations == 201


def test_what_was_long_ago_counts_little_and_is_forgotten() -> None:
    found = of([100.0] * 64)
    found.add(3 * HALF_LIFE_S, 1.0)
    history = found.history()
    assert history is not None
    assert history.iterations == 9
    for day in range(4, 20):
        found.add(day * HALF_LIFE_S, 1.0)
    later = found.history()
    assert later is not None
    assert later.most_s == 1.0


@given(st.lists(durations, max_size=200), st.lists(durations, min_size=1, max_size=20))
def test_a_restart_changes_nothing(before: list[float], after: list[float]) -> None:
    going_on, kept = of(before), of(before)
    data = coding.encode(kept.saved("demo", "boot", 200.0, 1000.0))
    restored = Durations.restored(coding.decode(data, type(kept.saved("", "", 0, 0))), "boot", 200.0, 1000.0)
    for number, duration_s in enumerate(after, start=300):
        going_on.add(number, duration_s)
        restored.add(number, duration_s)
    assert restored.history() == going_on.history()


def test_of_another_boot_the_figures_stay_and_the_strip_goes() -> None:
    saved = of([2.0] * 30).saved("demo", "boot", 100.0, 1000.0)
    history = Durations.restored(saved, "another", 5.0, 2000.0).history()
    assert history is not None
    assert (history.iterations, history.recent) == (30, ())
