"""Ends that are told although they need not be, and durations that ends tell."""

import pytest

from daemon.sources.contract import Mode
from daemon.watch.iterations import Stray
from model.events import Certainty
from tests.unit.test_watch import LIMIT_S, PAUSE_S, an_end, fired, say, watching


def test_where_starts_alone_are_due_an_end_that_is_told_ends_the_wait() -> None:
    watch = watching("start")
    say(watch, "start", 100.0)
    ended = an_end(*say(watch, "end", 101.0))
    assert (ended.started_s, ended.ended_s, ended.overran) == (100.0, 101.0, False)
    assert watch.due_s() is None
    assert watch.fire(1e6) is None
    assert say(watch, "start", 500.0) == ()
    assert watch.due_s() == 500.0 + LIMIT_S + PAUSE_S


def test_an_end_that_is_told_holds_no_pause() -> None:
    watch = watching("start")
    say(watch, "start", 100.0)
    ended = an_end(*say(watch, "end", 102.5))  # within limit and pause, and yet too long
    assert (ended.overran, ended.unseen) == (True, True)


def test_a_late_end_does_not_end_the_start_that_overtook_it() -> None:
    watch = watching("start")
    say(watch, "start", 100.0)
    an_end(*say(watch, "start", 102.0))
    assert say(watch, "end", 101.9) == (Stray.STALE_END,)
    assert watch.due_s() == 102.0 + LIMIT_S + PAUSE_S


@pytest.mark.parametrize("mode", ["start_end", "start", "end"])
def test_a_told_duration_says_when_the_iteration_began(mode: Mode) -> None:
    watch = watching(mode)
    say(watch, "end" if mode == "end" else "start", 100.0)
    ended = an_end(*say(watch, "end", 101.5, took_s=0.25))
    assert (ended.started_s, ended.ended_s, ended.overran) == (101.25, 101.5, False)


def test_a_told_duration_beyond_the_limit_is_an_overrun_though_nothing_fired() -> None:
    watch = watching("end")
    say(watch, "end", 100.0)
    ended = an_end(*say(watch, "end", 102.5, took_s=2.25))
    assert (ended.overran, ended.unseen) == (True, True)


def test_a_told_duration_refutes_an_overrun_that_silence_had_suggested() -> None:
    watch = watching("end")
    say(watch, "end", 100.0)
    assert fired(watch, 103.0).certainty is Certainty.INFERRED
    ended = an_end(*say(watch, "end", 160.0, took_s=0.5))
    assert (ended.overran, ended.unseen) == (False, False)


def test_the_first_end_with_a_duration_is_a_whole_iteration() -> None:
    watch = watching("end")
    assert an_end(*say(watch, "end", 100.0, took_s=0.5)).started_s == 99.5
    assert watch.iterations == 1
    assert watch.due_s() == 100.0 + LIMIT_S + PAUSE_S
