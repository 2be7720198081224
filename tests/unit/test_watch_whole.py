"""Which iterations tell what is usual: those that were seen from start to end, and did not overrun."""

from daemon.watch.crowd import CrowdWatch
from daemon.watch.iterations import Ended, Rules
from model.events import Event, EventKind
from tests.unit.test_watch import LIMIT_S, an_end, fired, say, watching


def test_an_ordinary_iteration_is_healthy() -> None:
    watch = watching("start_end")
    say(watch, "start", 100.0)
    assert an_end(*say(watch, "end", 101.0)).healthy


def test_one_that_overran_is_not() -> None:
    watch = watching("start_end")
    say(watch, "start", 100.0)
    assert fired(watch, 100.0 + LIMIT_S)
    assert not an_end(*say(watch, "end", 200.0)).healthy


def test_one_that_overran_unseen_is_not() -> None:
    watch = watching("start_end")
    say(watch, "start", 100.0)
    ended = an_end(*say(watch, "end", 200.0))
    assert (ended.unseen, ended.healthy) == (True, False)


def test_one_that_was_not_heard_from_its_start_is_not() -> None:
    watch = watching("start_end")
    say(watch, "start", 100.0)
    watch.heard_again(100.5)
    ended = an_end(*say(watch, "end", 101.0))
    assert (ended.overran, ended.healthy) == (False, False)
    say(watch, "start", 102.0)
    assert an_end(*say(watch, "end", 103.0)).healthy


def test_one_whose_end_tells_its_duration_is_whole_however_little_was_heard() -> None:
    watch = watching("start_end")
    say(watch, "start", 100.0)
    watch.heard_again(100.9)
    ended = an_end(*say(watch, "end", 101.0, took_s=0.8))
    assert ended.healthy


def test_where_ends_are_told_now_and_then_a_cut_one_stays_cut() -> None:
    watch = watching("start")
    say(watch, "start", 100.0)
    watch.heard_again(100.9)
    assert not an_end(*say(watch, "end", 101.0)).healthy


def test_of_many_side_by_side_the_same_holds() -> None:
    watch = CrowdWatch("demo", "main", Rules(mode="start_end", max_loop_time_s=2, first_loop_time_s=2))
    watch.take(Event(source="s", target="demo", kind=EventKind.START, at_s=100.0, iteration="a"))
    watch.heard_again(100.5)
    watch.take(Event(source="s", target="demo", kind=EventKind.START, at_s=101.0, iteration="b"))
    ended = {
        name: one.healthy
        for name in ("a", "b")
        for one in watch.take(
            Event(source="s", target="demo", kind=EventKind.END, at_s=101.5, iteration=name)
        )
        if isinstance(one, Ended)
    }
    assert ended == {"a": False, "b": True}
