import random

import pytest

from benchmarks import gates
from benchmarks.comparing.changes import change
from benchmarks.comparing.command import compared
from benchmarks.figures import Row


def runs(rounds: int, factor: float, noise: float, seed: int = 3) -> tuple[list[float], list[float]]:
    """Runs of two commits in turn, which share each round's mood of the machine."""
    chance = random.Random(seed)
    moods = [chance.uniform(50, 100) for _ in range(rounds)]
    before, after = ([mood * by * chance.gauss(1, noise) for mood in moods] for by in (1.0, factor))
    return before, after


def test_a_change_that_is_no_chance_is_called() -> None:
    found = change("cpu", "s", *runs(9, 1.1, 0.01), more_is_better=False)
    assert found is not None
    assert found.called
    assert found.worse
    assert found.within[0] < 10.0 < found.within[1]
    assert "WORSE" in found.words()


def test_more_of_what_is_good_is_better() -> None:
    found = change("lines", "/s", *runs(9, 1.1, 0.01), more_is_better=True)
    assert found is not None
    assert found.called
    assert not found.worse


@pytest.mark.parametrize(("factor", "noise"), [(1.0, 0.01), (1.03, 0.001), (1.06, 0.3)])
def test_nothing_small_or_uncertain_is_called(factor: float, noise: float) -> None:
    found = change("cpu", "s", *runs(9, factor, noise), more_is_better=False)
    assert found is not None
    assert not found.called
    assert found.words().endswith(" -")


def test_noise_alone_is_seldom_called() -> None:
    """Both ends together are exceeded in one of ten, and few of those are above 5 per cent."""
    called = [change("cpu", "s", *runs(9, 1.0, 0.04, seed), more_is_better=False) for seed in range(400)]
    assert sum(one.called for one in called if one is not None) <= 40


def test_too_few_runs_are_refused() -> None:
    with pytest.raises(ValueError, match="5 pairs at least"):
        change("cpu", "s", [1, 1, 1, 1], [1, 1, 1, 1], more_is_better=False)


def test_of_nothing_there_is_no_per_cent() -> None:
    assert change("stall", "ms", [0] * 5, [1] * 5, more_is_better=False) is None


def test_figures_are_compared_by_the_direction_of_their_bounds() -> None:
    bounds = gates.load("a: {kept: {aim: at least 95 %}}")
    sides = [
        [{("a", name): Row(figure=name, unit="%", ours=ours) for name in ("kept", "lost")} for _ in range(5)]
        for ours in (90.0, 80.0)
    ]
    found = {one.figure: one for one in compared(sides[0], sides[1], bounds)}
    assert found["kept"].worse
    assert not found["lost"].worse
    assert all(one.called for one in found.values())


def test_a_figure_that_one_run_lacks_is_not_compared() -> None:
    row = {("a", "b"): Row(figure="b", unit="s", ours=1.0)}
    assert list(compared([row] * 5, [row] * 4 + [{}], {})) == []
