import msgspec
import pytest

from daemon.watch.crowd import MOST_IN_FLIGHT, CrowdWatch
from daemon.watch.iterations import Ended, Rules, Stray
from model.events import Event, EventKind, Trigger

LIMIT_S = 2.0
RULES = Rules(mode="start_end", max_loop_time_s=LIMIT_S, first_loop_time_s=50.0, concurrent=True)


def watching() -> CrowdWatch:
    return CrowdWatch("operator", "main", RULES)


def say(
    watch: CrowdWatch, kind: str, at_s: float, name: str | None = None, took_s: float | None = None
) -> tuple[Ended | Stray, ...]:
    event = Event(
        source="log",
        target="operator",
        kind=EventKind(kind),
        at_s=at_s,
        iteration=name,
        duration_s=took_s,
    )
    return watch.take(event)


def fired(watch: CrowdWatch, now_s: float) -> list[Trigger]:
    """All that is due, in the order in which it comes."""
    return list(iter(lambda: watch.fire(now_s), None))


def an_end(*happened: Ended | Stray) -> Ended:
    (one,) = happened
    assert isinstance(one, Ended)
    return one


def test_iterations_side_by_side_end_each_by_its_name() -> None:
    watch = watching()
    for at_s, name in ((100.0, "a"), (100.5, "b"), (101.0, "c")):
        assert say(watch, "start", at_s, name) == ()
    assert an_end(*say(watch, "end", 101.5, "b")).started_s == 100.5
    assert watch.due_s() == 102.0
    assert an_end(*say(watch, "end", 101.6, "a")).started_s == 100.0
    assert watch.due_s() == 103.0
    assert [trigger.iteration for trigger in fired(watch, 103.0)] == ["c"]
    assert watch.iterations == 2


def test_each_that_is_overdue_fires_the_oldest_first_and_again_at_growing_ages() -> None:
    watch = watching()
    for at_s, name in ((100.0, "a"), (100.1, "b"), (101.9, "c")):
        say(watch, "start", at_s, name)
    first = fired(watch, 102.5)
    assert [(one.iteration, one.level, one.fired) for one in first] == [("a", 0, 1), ("b", 0, 1)]
    assert watch.due_s() == 103.9
    later = fired(watch, 104.0)
    assert [(one.iteration, one.level, one.fired) for one in later] == [("c", 0, 1), ("a", 1, 2)]


def test_no_event_of_one_moves_the_deadline_of_another() -> None:
    watch = watching()
    say(watch, "start", 100.0, "stuck")
    for number in range(50):
        say(watch, "start", 100.0 + number / 50, str(number))
        say(watch, "end", 100.01 + number / 50, str(number))
    assert watch.due_s() == 102.0
    assert [one.iteration for one in fired(watch, 102.0)] == ["stuck"]


def test_the_oldest_is_shown_also_when_it_was_heard_last() -> None:
    watch = watching()
    say(watch, "start", 101.0, "b")
    say(watch, "start", 100.0, "a")
    assert watch.in_flight is not None
    assert watch.in_flight.iteration == "a"


def test_a_repeated_start_does_not_set_the_clock_back() -> None:
    watch = watching()
    say(watch, "start", 100.0, "a")
    assert say(watch, "start", 101.0, "a") == (Stray.DUPLICATE_START,)
    assert watch.due_s() == 102.0


def test_a_name_may_be_used_again_once_it_ended() -> None:
    watch = watching()
    for at_s in (100.0, 110.0, 120.0):
        assert say(watch, "start", at_s, "default/web") == ()
        assert not an_end(*say(watch, "end", at_s + 1, "default/web")).overran
    assert watch.iterations == 3


def test_a_start_that_its_own_end_overtook_begins_nothing() -> None:
    watch = watching()
    assert say(watch, "end", 100.5, "a") == (Stray.END_WITHOUT_START,)
    assert say(watch, "start", 100.0, "a") == (Stray.LATE_START,)
    assert watch.due_s() is None


def test_without_names_a_start_shows_that_the_end_before_it_was_lost() -> None:
    watch = watching()
    say(watch, "start", 100.0)
    assert say(watch, "start", 101.0) == (Stray.LOST_END,)
    assert watch.due_s() == 103.0
    assert say(watch, "end", 100.5) == (Stray.STALE_END,)
    assert an_end(*say(watch, "end", 101.5)).started_s == 101.0


def test_a_told_duration_is_truer_than_what_was_seen_of_the_start() -> None:
    watch = watching()
    say(watch, "start", 100.0, "a")
    ended = an_end(*say(watch, "end", 101.0, "a", took_s=2.5))
    assert (ended.started_s, ended.overran, ended.unseen) == (98.5, True, True)


def test_idle_ends_what_had_started_and_spares_what_started_later() -> None:
    watch = watching()
    say(watch, "start", 100.0, "a")
    say(watch, "start", 102.0, "b")
    assert an_end(*say(watch, "idle", 101.0)).iteration == "a"
    assert not watch.idle
    assert say(watch, "idle", 101.5) == (Stray.STALE_IDLE,)
    assert an_end(*say(watch, "idle", 103.0)).iteration == "b"
    assert watch.idle
    assert watch.due_s() is None


def test_those_that_never_end_are_bounded() -> None:
    watch = watching()
    for number in range(MOST_IN_FLIGHT):
        assert say(watch, "start", 100.0 + number, str(number)) == ()
    assert say(watch, "start", 5000.0, "new") == (Stray.LOST_END,)
    assert say(watch, "end", 5000.1, "0") == (Stray.END_WITHOUT_START,)
    assert len(fired(watch, 1e6)) == MOST_IN_FLIGHT


def test_what_ended_long_ago_takes_no_room() -> None:
    watch = watching()
    for number in range(20 * MOST_IN_FLIGHT):
        say(watch, "start", 100.0 + number / 1e6, str(number))
        say(watch, "end", 100.0 + number / 1e6, str(number))
    assert len(watch._due) <= 2 * MOST_IN_FLIGHT
    assert len(watch._ends_s) <= MOST_IN_FLIGHT


@pytest.mark.parametrize(("limit_s", "due_s"), [(50.0, 150.0), (1.0, 101.0)])
def test_other_rules_hold_for_all_in_flight_and_what_fired_counts_anew(limit_s: float, due_s: float) -> None:
    watch = watching()
    say(watch, "start", 100.0, "a")
    fired(watch, 109.0)
    watch.adopt(msgspec.structs.replace(RULES, max_loop_time_s=limit_s))
    assert watch.due_s() == due_s


def test_the_same_rules_again_fire_nothing_again() -> None:
    watch = watching()
    say(watch, "start", 100.0, "a")
    fired(watch, 102.0)
    watch.adopt(RULES)
    assert fired(watch, 103.9) == []
    assert watch.due_s() == 104.0


def test_a_new_process_may_use_the_same_names_again() -> None:
    watch = watching()
    say(watch, "start", 100.0, "a")
    say(watch, "end", 101.0, "a")
    say(watch, "start", 100.5, "b")
    watch.process_gone()
    assert watch.due_s() is None
    assert watch.in_flight is None
    assert say(watch, "start", 100.2, "a") == ()
