"""Against healthy iterations: how much longer, what moved, and what did not."""

from dataclasses import replace

import pytest

from model.capture import Iteration
from model.comparison import Comparison, Doing, Healthy, Moved
from model.history import History
from model.verdict import Cause, FactKind
from report.drawing import Drawing
from report.verdict import judge
from tests.unit.report.verdict.scenes import OWN, captured, own, running, scene

HISTORY = History(iterations=40, median_s=0.5, p90_s=0.6, p99_s=0.7, most_s=0.8)
MORE = "It is more of the same: healthy iterations do this in the same proportions, only for less long."


def moved(stalled: float, healthy: float, thread: str = "MainThread") -> Moved:
    return Moved(
        thread=thread,
        doing=Doing.ON_CPU,
        function="pack",
        file=OWN,
        stalled_share=stalled,
        healthy_share=healthy,
        stalled_s=9.8,
        healthy_s=0.1,
    )


def compared(*moves: Moved, times: float | None = 20.0, iterations: int = 9) -> Drawing:
    healthy = Healthy(iterations=iterations, sampled_s=4.0, since="2026", until="2026", sampler="pyspy")
    drawing = scene(
        {"MainThread": [running(1.0, own("pack"))]}, cpu={"MainThread": (0.98, 0.0)}, history=HISTORY
    )
    return replace(drawing, comparison=Comparison(healthy=healthy, times_median=times, moved=moves))


def told(drawing: Drawing) -> list[str]:
    return [fact.text for fact in judge(drawing).facts if fact.kind is FactKind.HISTORY]


def test_an_iteration_that_goes_on_is_so_much_longer_so_far() -> None:
    assert told(compared(moved(0.98, 0.2))) == [
        "10 s so far are 20 times the median of 40 healthy iterations, 500 ms.",
        "pack, with all that it calls, had 98% of the time of MainThread, in healthy ones 20%.",
    ]


def test_one_that_ended_is_so_much_longer() -> None:
    ended = captured(compared(moved(0.98, 0.0)), iteration=Iteration(id="17", started_s=0.0, ended_s=10.0))
    assert told(ended) == [
        "10 s are 20 times the median of 40 healthy iterations, 500 ms.",
        "pack, with all that it calls, had 98% of the time of MainThread, in healthy ones never.",
    ]


@pytest.mark.parametrize(
    "drawing",
    [compared(moved(0.98, 0.94)), compared(), compared(moved(0.98, 0.94), moved(0.9, 0.1, "metrics"))],
    ids=["nearly the same", "nothing moved", "another thread"],
)
def test_more_of_the_same_is_said(drawing: Drawing) -> None:
    verdict = judge(drawing)
    assert verdict.cause is Cause.OWN_CODE
    assert verdict.sentence.endswith(MORE)
    assert len(told(drawing)) == 1


@pytest.mark.parametrize(
    "drawing",
    [compared(moved(0.98, 0.2)), compared(times=1.1), compared(times=None), compared(iterations=1)],
    ids=["it moved", "no longer than usual", "no history", "too few to tell"],
)
def test_else_it_is_not(drawing: Drawing) -> None:
    assert "more of the same" not in judge(drawing).sentence
