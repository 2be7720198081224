import msgspec
import pytest

from daemon.sources.contract import Mode
from daemon.watch.iterations import Ended, Rules, Stray
from daemon.watch.sequence import REMEMBERED_ENDS, LoopWatch
from model.events import Certainty, Event, EventKind, Trigger, TriggerKind

LIMIT_S, FIRST_S, PAUSE_S = 2.0, 10.0, 1.0
RESTLESS: tuple[Mode, ...] = ("start", "end", "beat")  # modes in which silence alone tells an overrun


def rules(mode: Mode = "start_end", first_s: float = LIMIT_S) -> Rules:
    return Rules(
        mode=mode,
        max_loop_time_s=LIMIT_S,
        first_loop_time_s=first_s,
        idle_allowance_s=0.0 if mode == "start_end" else PAUSE_S,
    )


def watching(mode: Mode = "start_end", first_s: float = LIMIT_S) -> LoopWatch:
    return LoopWatch("scaler", "main", rules(mode, first_s))


def say(
    watch: LoopWatch, kind: str, at_s: float, iteration: str | None = None, took_s: float | None = None
) -> tuple[Ended | Stray, ...]:
    event = Event(
        source="test",
        target="scaler",
        kind=EventKind(kind),
        at_s=at_s,
        iteration=iteration,
        duration_s=took_s,
    )
    return watch.take(event)


def turn(watch: LoopWatch, at_s: float, iteration: str | None = None) -> tuple[Ended | Stray, ...]:
    """The event that ends one iteration and begins the next, in a mode without both."""
    return say(watch, watch.rules.mode, at_s, iteration)


def fired(watch: LoopWatch, now_s: float) -> Trigger:
    trigger = watch.fire(now_s)
    assert trigger is not None
    return trigger


def an_end(*happened: Ended | Stray) -> Ended:
    (one,) = happened
    assert isinstance(one, Ended)
    return one


def test_an_iteration_that_ends_in_time_never_fires() -> None:
    watch = watching()
    assert say(watch, "start", 100.0, "1") == ()
    assert watch.fire(101.9) is None
    ended = an_end(*say(watch, "end", 101.9, "1"))
    assert ended == Ended(
        iteration="1", started_s=100.0, ended_s=101.9, overran=False, unseen=False, threshold_s=2.0
    )
    assert watch.due_s() is None
    assert watch.fire(1e9) is None


def test_an_overrun_fires_while_it_is_still_in_flight() -> None:
    watch = watching()
    say(watch, "start", 100.0, "17")
    trigger = fired(watch, 102.0)
    assert trigger == Trigger(
        target="scaler",
        kind=TriggerKind.OVERRUN,
        reason="in flight for 2s, allowed are 2s",
        at_s=102.0,
        iteration="17",
        level=0,
        started_s=100.0,
        threshold_s=LIMIT_S,
        certainty=Certainty.CERTAIN,
    )
    assert trigger.age_s == 2.0
    assert an_end(*say(watch, "end", 103.0, "17")).overran


def test_a_long_stall_fires_again_at_growing_ages() -> None:
    watch = watching()
    say(watch, "start", 100.0)
    ages = []
    for level in range(5):
        due_s = watch.due_s()
        assert due_s is not None
        assert watch.fire(due_s - 0.001) is None
        assert fired(watch, due_s).level == level
        assert watch.fire(due_s) is None
        ages.append(due_s - 100.0)
    assert ages == [2.0, 4.0, 8.0, 16.0, 32.0]


def test_levels_that_passed_unwatched_are_told_by_one_trigger() -> None:
    watch = watching()
    say(watch, "start", 100.0)
    assert fired(watch, 100.0 + 5 * LIMIT_S).level == 2
    assert watch.in_flight is not None
    assert watch.in_flight.fired == 1
    assert watch.due_s() == 100.0 + 8 * LIMIT_S


def test_an_overrun_that_ended_before_anybody_looked_is_told() -> None:
    watch = watching()
    say(watch, "start", 100.0)
    ended = an_end(*say(watch, "end", 102.5))
    assert ended.overran
    assert ended.unseen


@pytest.mark.parametrize("mode", RESTLESS)
def test_silence_beyond_limit_and_pause_is_an_inferred_overrun(mode: Mode) -> None:
    watch = watching(mode)
    turn(watch, 100.0)
    assert watch.due_s() == 100.0 + LIMIT_S + PAUSE_S
    assert watch.fire(102.9) is None
    trigger = fired(watch, 103.0)
    assert trigger.certainty is Certainty.INFERRED
    assert trigger.reason == "silent for 3s, allowed are 2s and 1s of pause"


@pytest.mark.parametrize("mode", RESTLESS)
def test_each_turn_ends_the_iteration_before_it(mode: Mode) -> None:
    watch = watching(mode)
    assert turn(watch, 100.0) == ()
    ended = an_end(*turn(watch, 102.5))
    assert (ended.started_s, ended.ended_s, ended.overran) == (100.0, 102.5, False)
    assert watch.due_s() == 102.5 + LIMIT_S + PAUSE_S


@pytest.mark.parametrize("mode", ["start_end", *RESTLESS])
def test_on_standby_nothing_is_due(mode: Mode) -> None:
    watch = watching(mode)
    say(watch, mode if mode != "start_end" else "start", 100.0)
    an_end(*say(watch, "idle", 101.0))
    assert watch.idle
    assert watch.due_s() is None
    say(watch, mode if mode != "start_end" else "start", 500.0)
    assert not watch.idle
    assert watch.due_s() is not None


def test_an_end_names_the_iteration_that_ended_and_not_the_next() -> None:
    watch = watching("end")
    assert say(watch, "end", 100.0, "1") == ()
    assert an_end(*say(watch, "end", 101.0, "2")).iteration == "2"
    assert fired(watch, 200.0).iteration is None


@pytest.mark.parametrize("mode", ["start", "beat"])
def test_a_repeated_turn_does_not_set_the_clock_back(mode: Mode) -> None:
    watch = watching(mode)
    turn(watch, 100.0, "1")
    assert turn(watch, 102.0, "1") == (Stray.DUPLICATE_START,)
    assert watch.due_s() == 100.0 + LIMIT_S + PAUSE_S


def test_a_repeated_end_does_not_set_the_clock_back() -> None:
    watch = watching("end")
    say(watch, "end", 100.0, "1")
    assert say(watch, "end", 102.0, "1") == (Stray.STALE_END,)
    assert watch.due_s() == 100.0 + LIMIT_S + PAUSE_S


def test_a_repeated_start_changes_nothing() -> None:
    watch = watching()
    say(watch, "start", 100.0, "1")
    assert say(watch, "start", 101.0, "1") == (Stray.DUPLICATE_START,)
    assert watch.due_s() == 102.0


def test_a_repeated_end_does_not_end_the_next_iteration() -> None:
    watch = watching()
    say(watch, "start", 100.0)
    say(watch, "end", 100.5, "1")
    say(watch, "start", 101.0)
    assert say(watch, "end", 101.5, "1") == (Stray.STALE_END,)
    assert watch.due_s() == 103.0


def test_an_end_that_comes_before_its_start_is_remembered() -> None:
    watch = watching()
    assert say(watch, "end", 100.0, "1") == (Stray.END_WITHOUT_START,)
    assert say(watch, "start", 100.1, "1") == (Stray.LATE_START,)
    assert watch.in_flight is None


def test_ends_are_remembered_up_to_a_bound() -> None:
    watch = watching()
    for number in range(REMEMBERED_ENDS + 1):
        say(watch, "end", 100.0, str(number))
    assert say(watch, "start", 101.0, "1") == (Stray.LATE_START,)
    assert say(watch, "start", 101.0, "0") == ()


def test_an_end_of_another_iteration_leaves_the_one_in_flight() -> None:
    watch = watching()
    say(watch, "start", 100.0, "2")
    assert say(watch, "end", 101.0, "1") == (Stray.STALE_END,)
    assert watch.due_s() == 102.0
    assert say(watch, "start", 101.1, "1") == (Stray.LATE_START,)


def test_a_start_shows_that_the_end_before_it_was_lost() -> None:
    watch = watching()
    say(watch, "start", 100.0, "1")
    assert say(watch, "start", 101.0, "2") == (Stray.LOST_END,)
    assert watch.iterations == 1
    assert watch.due_s() == 103.0
    assert say(watch, "end", 101.5, "1") == (Stray.STALE_END,)
    assert say(watch, "start", 101.6, "1") == (Stray.LATE_START,)


def test_a_start_that_was_overtaken_by_the_next_does_not_replace_it() -> None:
    watch = watching()
    say(watch, "start", 101.0, "2")
    assert say(watch, "start", 100.0, "1") == (Stray.LATE_START,)
    assert say(watch, "end", 100.9, "1") == (Stray.STALE_END,)
    assert fired(watch, 103.0).iteration == "2"


def test_an_end_that_was_overtaken_by_the_next_start_does_not_end_it() -> None:
    watch = watching()
    say(watch, "start", 100.0)
    say(watch, "start", 101.5)
    assert say(watch, "end", 101.0) == (Stray.STALE_END,)
    assert watch.due_s() == 103.5


def test_a_start_without_a_name_that_was_overtaken_by_its_end_begins_nothing() -> None:
    watch = watching()
    say(watch, "end", 101.0)
    assert say(watch, "start", 100.0) == (Stray.LATE_START,)
    assert watch.due_s() is None


@pytest.mark.parametrize("mode", RESTLESS)
def test_a_turn_that_was_overtaken_does_not_set_the_clock_back(mode: Mode) -> None:
    watch = watching(mode)
    turn(watch, 101.0)
    (stray,) = turn(watch, 100.0)
    assert stray in (Stray.LATE_START, Stray.STALE_END)
    assert watch.due_s() == 101.0 + LIMIT_S + PAUSE_S


def test_an_idle_that_was_overtaken_by_a_start_changes_nothing() -> None:
    watch = watching()
    say(watch, "start", 101.0)
    assert say(watch, "idle", 100.0) == (Stray.STALE_IDLE,)
    assert not watch.idle
    assert watch.due_s() == 103.0


def test_a_beat_that_was_overtaken_by_an_idle_begins_nothing() -> None:
    watch = watching("beat")
    say(watch, "idle", 101.0)
    assert say(watch, "beat", 100.0) == (Stray.LATE_START,)
    assert watch.idle


@pytest.mark.parametrize("ending", ["end", "start", "lost"])
def test_only_the_first_iteration_of_a_process_is_given_more_time(ending: str) -> None:
    watch = watching(first_s=FIRST_S)
    watch.process_found(fresh=True)
    say(watch, "start", 100.0, "1")
    assert watch.due_s() == 100.0 + FIRST_S
    if ending == "end":
        say(watch, "end", 101.0, "1")
    say(watch, "start", 102.0, "2")
    assert watch.due_s() == 102.0 + LIMIT_S


def test_an_end_shows_that_the_first_iteration_is_over() -> None:
    watch = watching("end", first_s=FIRST_S)
    watch.process_found(fresh=True)
    say(watch, "end", 100.0)
    assert watch.due_s() == 100.0 + LIMIT_S + PAUSE_S


def test_a_process_that_runs_for_long_gets_no_time_for_its_first_iteration() -> None:
    watch = watching(first_s=FIRST_S)
    say(watch, "start", 100.0)
    watch.process_found(fresh=False)
    assert watch.due_s() == 100.0 + LIMIT_S


def test_an_iteration_that_ended_before_its_process_was_found_was_the_first() -> None:
    watch = watching(first_s=FIRST_S)
    say(watch, "start", 100.0)
    say(watch, "end", 101.0)
    watch.process_found(fresh=True)
    say(watch, "start", 102.0)
    assert watch.due_s() == 102.0 + LIMIT_S


def test_a_new_process_may_use_the_same_names_again() -> None:
    watch = watching(first_s=FIRST_S)
    say(watch, "start", 100.0, "1")
    say(watch, "end", 101.0, "1")
    say(watch, "start", 102.0, "2")
    watch.process_gone()
    assert watch.due_s() is None
    assert say(watch, "start", 103.0, "1") == ()
    assert watch.due_s() == 103.0 + FIRST_S


def test_a_daemon_that_starts_in_the_middle_of_an_iteration_never_blames_it() -> None:
    watch = watching()
    watch.process_found(fresh=False)
    assert watch.fire(1e6) is None
    assert say(watch, "end", 1e6, "17") == (Stray.END_WITHOUT_START,)
    assert watch.fire(2e6) is None


def test_other_rules_hold_for_the_iteration_in_flight() -> None:
    watch = watching()
    watch.process_found(fresh=False)
    say(watch, "start", 100.0)
    watch.adopt(msgspec.structs.replace(rules(), max_loop_time_s=50.0))
    assert watch.due_s() == 150.0
    watch.adopt(msgspec.structs.replace(rules(), max_loop_time_s=1.0))
    assert fired(watch, 103.0).level == 1


def test_each_trigger_of_an_iteration_has_its_number() -> None:
    watch = watching()
    say(watch, "start", 100.0)
    numbers = [fired(watch, now_s).fired for now_s in (102.0, 120.0, 140.0)]
    assert numbers == [1, 2, 3]
    say(watch, "start", 200.0)
    assert fired(watch, 202.0).fired == 1


def test_a_higher_threshold_is_not_held_against_what_fired_at_the_lower_one() -> None:
    watch = watching()
    watch.process_found(fresh=False)
    say(watch, "start", 100.0)
    assert fired(watch, 109.0).level == 2
    watch.adopt(msgspec.structs.replace(rules(), max_loop_time_s=50.0))
    assert watch.due_s() == 150.0
    assert fired(watch, 150.0).fired == 2
