"""Several processes behind one address, which answer in turn: told, and never taken for one loop."""

import pytest

from daemon.sources.metrics.births import SEVERAL, STEADY_S, Births
from daemon.sources.metrics.forms.counts import BORN
from model.events import EventKind
from tests.unit.metrics.scrapes import sample
from tests.unit.metrics.test_forms_ends import Loop
from tests.unit.metrics.test_metrics_to_watch import OPTIONS, Told

NAN = float("nan")


def several(births: Births, at_s: float, born: float | None) -> bool:
    return births.several([] if born is None else [sample(BORN, born)], at_s)


def test_processes_that_follow_each_other_are_one_at_a_time() -> None:
    births = Births()
    seen: list[float | None] = [1.0, 1.0, 2.0, 2.0, None, 2.0, NAN, 2.0, 3.0]
    assert not any(several(births, at_s, born) for at_s, born in enumerate(seen))


@pytest.mark.parametrize("born", [[1.0, 2.0, 1.0], [1.0, 2.0, 3.0, 1.0], [5.0, 2.0, None, 5.0]])
def test_one_that_comes_back_was_there_all_the_time(born: list[float | None]) -> None:
    births = Births()
    assert [several(births, at_s, one) for at_s, one in enumerate(born)] == [False] * (len(born) - 1) + [True]
    last_s = len(born) - 1.0
    assert several(births, last_s + STEADY_S - 1, born[-1])
    assert not several(births, last_s + STEADY_S, born[-1])


def test_two_replicas_in_turn_are_told_and_make_no_iterations() -> None:
    told = Told(OPTIONS)
    stuck = f"{BORN} 10\nloop_start 50\nloop_took_count 500\nloop_took_sum 5000\n"
    for turn in range(20):
        at_s = 1000.0 + 5 * turn
        turns = f"{BORN} 20\nloop_start {at_s - 1}\nloop_took_count {turn}\nloop_took_sum {900 + turn}\n"
        told.answered(at_s, turns if turn % 2 else stuck)
    assert told.conditions[-1] == SEVERAL
    assert EventKind.END not in {event.kind for event in told.events}


def test_what_another_process_had_counted_before_is_not_counted_now() -> None:
    loop = Loop()
    loop.scraped(0, 10, 20.0)
    assert [mark.kind for mark in loop.scraped(5, 7, 400.0)] == [EventKind.IDLE]  # it has looped for minutes
    assert [mark.duration_s for mark in loop.scraped(10, 8, 403.0)] == [3.0]
    kinds = [mark.kind for mark in loop.scraped(60, 3, 40.0)]  # this one can have begun since
    assert kinds == [EventKind.IDLE, *[EventKind.END] * 3]
