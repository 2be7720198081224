"""Folding: nothing is lost or counted twice, the order does not matter, and it stays small."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import coding
from model.baseline import ENOUGH_ITERATIONS, Baseline, Era
from report.baseline import bounds, eras
from report.baseline.calls import Calls
from report.baseline.fold import HALF_LIFE_S, Sampled, folded
from tests.unit.baseline.calling import AT_S, as_text, calls, sampled, some_calls

EMPTY = Baseline(target="demo")


def fold(samples: list[Sampled]) -> Baseline:
    baseline = EMPTY
    for sample in samples:
        baseline = folded(baseline, sample)
    return coding.decode(coding.encode(baseline), Baseline)


def seconds(era: Era) -> float:
    return sum(one.s for one in era.weights)


@given(st.lists(some_calls, min_size=1, max_size=5))
def test_weights_are_conserved(several: list[Calls]) -> None:
    [era] = fold([sampled(n, one, at_s=AT_S) for n, one in enumerate(several)]).eras
    assert seconds(era) == pytest.approx(sum(sum(one.seconds.values()) for one in several), abs=1e-3)
    assert era.iterations == len(several)
    told: dict[str, float] = {}
    for one in several:
        for key, value in as_text(one).items():
            told[key] = told.get(key, 0.0) + value
    assert as_text(eras.calls(era)) == pytest.approx(told, abs=1e-3)


@given(st.lists(some_calls, min_size=2, max_size=5), st.randoms(use_true_random=False))
def test_the_order_does_not_matter(several: list[Calls], chance: random.Random) -> None:
    samples = [sampled(n, one, at_s=AT_S + n * HALF_LIFE_S / 3) for n, one in enumerate(several)]
    mixed = list(samples)
    chance.shuffle(mixed)
    [one], [other] = fold(samples).eras, fold(mixed).eras
    assert as_text(eras.calls(one)) == pytest.approx(as_text(eras.calls(other)), abs=1e-4)
    assert (one.since, one.until, one.iterations) == (other.since, other.until, other.iterations)
    assert (one.weight, one.sampled_s) == pytest.approx((other.weight, other.sampled_s))


@given(some_calls)
def test_a_sample_counts_once(found: Calls) -> None:
    once = fold([sampled(1, found)])
    assert folded(once, sampled(1, found)) is once


def test_old_weights_fade() -> None:
    [era] = fold(
        [sampled(1, calls({"m;a": 1.0}), at_s=AT_S), sampled(2, calls({"m;b": 1.0}), at_s=AT_S + HALF_LIFE_S)]
    ).eras
    assert as_text(eras.calls(era)) == pytest.approx({"m;a": 0.5, "m;b": 1.0})
    assert (era.iterations, era.weight) == (2, pytest.approx(1.5))


@given(some_calls, st.integers(1, 40))
def test_pruning_moves_weights_to_callers(found: Calls, count: int) -> None:
    before, groups = sum(found.seconds.values()), found.by_group()
    stacks = len(found.tops) - 1
    assert bounds.prune(found, count) == min(count, stacks)
    assert sum(found.seconds.values()) == pytest.approx(before)
    assert found.by_group() == pytest.approx(groups)


def test_a_baseline_stays_small_and_keeps_what_weighs_most() -> None:
    many = {f"m;root;light{n};lighter{n}": 0.001 for n in range(3000)} | {"m;root;heavy": 5.0}
    baseline = folded(EMPTY, sampled(1, calls(many)), most_bytes=20_000)
    [era] = baseline.eras
    assert len(coding.encode(baseline)) < 21_000
    assert era.pruned > 1000
    assert seconds(era) == pytest.approx(8.0, abs=0.01)
    assert as_text(eras.calls(era))["m;root;heavy"] == 5.0


def test_a_new_code_version_replaces_the_old_one_when_it_has_enough() -> None:
    one = calls({"m;a": 1.0})
    old = [sampled(n, one, code_version="v1") for n in range(ENOUGH_ITERATIONS)]
    new = [sampled(100 + n, one, code_version="v2") for n in range(ENOUGH_ITERATIONS)]
    both = fold([*old, *new[:-1]])
    assert [era.code_version for era in both.eras] == ["v1", "v2"]
    assert (chosen := eras.chosen(both, "pyspy", "v2")) is not None
    assert chosen.code_version == "v1"
    assert [era.code_version for era in fold([*old, *new]).eras] == ["v2"]


@pytest.mark.parametrize(
    "damage",
    [
        {"callers": (0, 5), "tops": (-1, 0), "functions": (("f", "f.py"),)},
        {"callers": (0, 0), "tops": (-1, 3)},
        {"callers": (0,), "tops": ()},
        {"weights": ((0, 0, 99, 1.0),), "groups": ("m",)},
    ],
)
def test_a_damaged_era_is_told(damage: dict[str, object]) -> None:
    [era] = fold([sampled(1, calls({"m;a": 1.0}))]).eras
    damaged = coding.convert({**coding.plain(era), **damage}, Era)
    with pytest.raises(ValueError, match=r"stack|callers|weight"):
        eras.calls(damaged)


def test_known_samples_are_bounded() -> None:
    baseline = fold([sampled(n, calls({"m;a": 1.0})) for n in range(260)])
    assert len(baseline.folded) == 200
    assert all(one < other for one, other in pairwise(baseline.folded))


def test_a_clock_that_was_a_year_ahead_does_not_silence_what_comes_after() -> None:
    ahead_s = AT_S + 365 * 86400.0
    [era] = fold(
        [sampled(1, calls({"m;a": 1.0}), at_s=ahead_s), sampled(2, calls({"m;b": 1.0}), at_s=AT_S)]
    ).eras
    assert as_text(eras.calls(era)) == pytest.approx({"m;a": 1.0, "m;b": 1.0})
    assert era.until_s == AT_S


def test_one_sampler_with_enough_is_better_than_the_same_with_little() -> None:
    one = calls({"m;a": 1.0})
    other = [sampled(n, one)._replace(sampler="austin") for n in range(ENOUGH_ITERATIONS)]
    found = fold([*other, sampled(100, one)])
    assert (chosen := eras.chosen(found, "pyspy", "v1")) is not None
    assert chosen.sampler == "austin"
    enough = fold([*other, *(sampled(100 + n, one) for n in range(ENOUGH_ITERATIONS))])
    assert (chosen := eras.chosen(enough, "pyspy", "v1")) is not None
    assert chosen.sampler == "pyspy"


def test_a_huge_sample_is_pruned_in_a_moment() -> None:
    many = {f"m;root;a{n % 300};b{n};c{n}": 0.001 + n / 1e6 for n in range(20_000)}
    baseline = folded(EMPTY, sampled(1, calls(many)), most_bytes=100_000)
    assert 50_000 < len(coding.encode(baseline)) < 101_000
