from daemon.sources.contract import LoopRules
from daemon.sources.log.backlog import MOST_OPEN, Backlog
from daemon.sources.log.contract import Mark
from model.events import EventKind

PAIRS = LoopRules(mode="start_end")
CROWD = LoopRules(mode="start_end", concurrent=True)
BEATS = LoopRules(mode="beat")


def start(name: str | None = None) -> Mark:
    return Mark(kind=EventKind.START, iteration=name)


def end(name: str | None = None) -> Mark:
    return Mark(kind=EventKind.END, iteration=name)


BEAT = Mark(kind=EventKind.BEAT)
IDLE = Mark(kind=EventKind.IDLE)


def test_an_iteration_that_is_open_after_old_lines_is_told_as_a_start() -> None:
    backlog = Backlog(PAIRS)
    assert [backlog.stale(one) for one in (start(), end(), start())] == [None, None, None]
    assert backlog.caught_up(same_process=True) == [start()]
    assert backlog.caught_up(same_process=True) == []


def test_nothing_is_told_of_iterations_that_ended() -> None:
    backlog = Backlog(PAIRS)
    for one in (start(), end()):
        backlog.stale(one)
    assert backlog.caught_up(same_process=True) == []


def test_an_iteration_of_another_process_is_dropped() -> None:
    backlog = Backlog(PAIRS, opened=(None,))
    assert backlog.caught_up(same_process=False) == []
    assert backlog.opened == ()


def test_an_iteration_that_was_open_before_a_restart_is_told_again() -> None:
    assert Backlog(PAIRS, opened=("7",)).caught_up(same_process=True) == [start("7")]


def test_an_iteration_that_ended_in_old_lines_is_ended_at_once() -> None:
    backlog = Backlog(PAIRS)
    backlog.live(start("7"))
    assert backlog.stale(end("7")) == end("7")
    assert backlog.stale(start("8")) is None
    assert backlog.stale(end("8")) is None
    assert backlog.caught_up(same_process=True) == []


def test_one_that_was_told_and_goes_on_is_not_told_twice() -> None:
    backlog = Backlog(PAIRS)
    backlog.live(start("7"))
    assert backlog.caught_up(same_process=True) == []


def test_a_later_start_ends_what_was_told_and_is_told_when_lines_are_new_again() -> None:
    backlog = Backlog(LoopRules(mode="start"))
    backlog.live(start())
    assert backlog.stale(start()) == end()
    assert backlog.stale(start()) is None
    assert backlog.caught_up(same_process=True) == [start()]


def test_iterations_side_by_side_are_kept_by_name() -> None:
    backlog = Backlog(CROWD)
    backlog.live(start("a"))
    assert [backlog.stale(one) for one in (start("b"), start("c"), end("b"), end("a"))] == [
        None,
        None,
        None,
        end("a"),
    ]
    assert backlog.caught_up(same_process=True) == [start("c")]


def test_going_idle_ends_all() -> None:
    backlog = Backlog(CROWD)
    backlog.live(start("a"))
    backlog.stale(start("b"))
    assert backlog.stale(IDLE) == IDLE
    assert backlog.caught_up(same_process=True) == []


def test_names_are_bounded() -> None:
    backlog = Backlog(CROWD)
    for number in range(3 * MOST_OPEN):
        backlog.stale(start(str(number)))
    assert len(backlog.opened) == MOST_OPEN
    backlog.stale(start("x" * 10_000))
    assert len(backlog.opened) == MOST_OPEN


def test_old_beats_alone_say_nothing() -> None:
    backlog = Backlog(BEATS)
    assert backlog.stale(BEAT) is None
    assert backlog.caught_up(same_process=True) == []


def test_old_beats_after_new_ones_keep_the_loop_alive_without_being_told_each() -> None:
    backlog = Backlog(BEATS)
    backlog.live(BEAT)
    assert [backlog.stale(BEAT) for _ in range(3)] == [BEAT, None, None]
    assert backlog.caught_up(same_process=True) == [BEAT]
    assert backlog.caught_up(same_process=True) == []
