"""A gauge of starts and a counter of ends, scrape by scrape; the loop as the watch then sees it."""

from collections.abc import Iterator

import pytest

from daemon.sources.metrics.contract import Mark, Sample, Scrape
from daemon.sources.metrics.forms.starts import MOST_ENDS, Starts
from daemon.sources.metrics.selectors import Selector
from daemon.watch.iterations import Ended, Rules
from daemon.watch.sequence import LoopWatch
from model.events import Event, EventKind, Trigger

WALL_S = 1_700_000_000.0  # the target's clock at 0 of ours
START, END, IDLE = EventKind.START, EventKind.END, EventKind.IDLE
RULES = Rules(mode="start_end", max_loop_time_s=60, first_loop_time_s=60, lag_s=2, remembers=True)


class Target:
    """A loop's series, and all that they lead to."""

    def __init__(self, pause_s: float = 15.0, end: str = "took_count") -> None:
        self.form = Starts(Selector("start"), Selector(end), pause_s)
        self.watch = LoopWatch("a", "main", RULES)
        self.happened: list[object] = []
        self.triggers: list[Trigger] = []
        self.skew_s = 0.0
        self.born = 1.0
        self.gap = False

    def scraped(
        self, at_s: float, start_s: float | None, ends: float | None = None, sum_s: float | None = None
    ) -> list[Mark]:
        """A scrape at a time; `start_s` is on our clock."""
        samples = list(self._samples(start_s, ends, sum_s))
        scrape = Scrape(
            asked_s=at_s - 0.01,
            answered_s=at_s,
            wall_s=WALL_S + at_s + self.skew_s,
            samples=samples,
            gap=self.gap,
        )
        self.gap = False
        marks = self.form.take(scrape)
        for mark in marks:
            assert mark.at_s <= at_s
            event = Event(
                source="metrics",
                target="a",
                kind=mark.kind,
                at_s=mark.at_s,
                iteration=mark.iteration,
                duration_s=mark.duration_s,
            )
            self.happened += self.watch.take(event)
        while trigger := self.watch.fire(at_s):
            self.triggers.append(trigger)
        return marks

    def _samples(self, start_s: float | None, ends: float | None, sum_s: float | None) -> Iterator[Sample]:
        given = {"took_count": ends, "took_sum": sum_s, "process_start_time_seconds": self.born}
        if start_s is not None:
            given["start"] = WALL_S + start_s + self.skew_s if start_s != 0 else 0.0
        for name, value in given.items():
            if value is not None:
                yield Sample(name=name, labels={}, value=value)


def kinds(marks: list[Mark]) -> list[EventKind]:
    return [mark.kind for mark in marks]


def test_a_start_without_an_end_is_in_flight_since_its_gauge_says() -> None:
    target = Target()
    target.scraped(0, -3, 7, 70)
    assert kinds(target.scraped(5, -3, 8, 74)) == [START, END]
    assert target.scraped(10, 7.5, 8, 74) == [Mark(kind=START, at_s=7.5)]
    assert target.scraped(15, 7.5, 8, 74) == []
    assert target.watch.in_flight is not None
    assert target.watch.in_flight.started_s == 7.5
    assert target.scraped(20, 7.5, 9, 84) == [Mark(kind=END, at_s=20, duration_s=10)]
    assert target.watch.in_flight is None
    assert target.triggers == []


def test_an_overrun_fires_and_its_end_is_told() -> None:
    target = Target()
    target.scraped(0, -20, 7, 70)
    for at_s in range(5, 100, 5):
        target.scraped(at_s, -20, 7, 70)
    (trigger,) = target.triggers
    assert (trigger.started_s, trigger.certainty) == (-20, "certain")
    target.scraped(100, -20, 8, 189)
    ended = Ended(iteration=None, started_s=-19, ended_s=100, overran=True, unseen=False, threshold_s=60)
    assert target.happened == [ended]


def test_a_stall_that_began_before_us_is_an_overrun_at_the_first_look() -> None:
    target = Target()
    assert target.scraped(0, -600, 7, 70) == [Mark(kind=START, at_s=-600)]
    assert [trigger.started_s for trigger in target.triggers] == [-600]


def test_a_pause_at_the_first_look_is_none() -> None:
    target = Target()
    assert target.scraped(0, -12, 7, 70) == []
    assert target.scraped(2, 1.5, 7, 70) == [Mark(kind=START, at_s=1.5)]


def test_a_start_that_is_older_than_any_pause_is_in_flight() -> None:
    target = Target()
    assert target.scraped(0, -12, 7, 70) == []
    assert target.scraped(2, -12, 7, 70) == []
    assert target.scraped(4, -12, 7, 70) == [Mark(kind=START, at_s=-12)]


def test_the_first_iteration_of_all_has_no_counter_yet() -> None:
    target = Target()
    target.scraped(0, None)
    assert target.scraped(5, 4) == [Mark(kind=START, at_s=4)]
    assert target.scraped(10, 4) == []
    assert target.scraped(25, 4, 1, 19) == [Mark(kind=END, at_s=25, duration_s=19)]


def test_a_fast_loop_between_two_scrapes_counts_with_its_durations() -> None:
    target = Target()
    target.scraped(0, -1, 100, 50)
    marks = target.scraped(5, 4.5, 110, 55)
    assert kinds(marks) == [START, END] * 10
    assert [mark.duration_s for mark in marks if mark.kind is END] == [0.5] * 10
    assert all(isinstance(one, Ended) and not one.overran for one in target.happened)
    assert target.watch.iterations == 10


def test_a_fast_loop_that_stalls_is_seen() -> None:
    target = Target(pause_s=3)
    for turn in range(10):
        target.scraped(turn * 5, turn * 5 - 0.2, turn * 10, turn * 5.0)
    for turn in range(10, 40):
        target.scraped(turn * 5, 47, 105, 52.0)
    assert [trigger.started_s for trigger in target.triggers][:1] == [47]


def test_a_start_within_the_second_of_the_one_before_is_seen_when_no_pause_is_so_long() -> None:
    target = Target(pause_s=3)
    target.scraped(0.9, 0, 7, 70)
    target.scraped(1.9, 1.0, 9, 70.2)
    assert target.scraped(2.9, 1.0, 10, 70.3)  # another one in the same whole second
    assert [kinds(target.scraped(at_s, 1.0, 10, 70.3)) for at_s in (3.9, 4.9)] == [[], [START]]
    for at_s in range(5, 80, 5):
        target.scraped(at_s, 1.0, 10, 70.3)
    assert len(target.triggers) == 1


def test_after_a_long_iteration_with_whole_seconds_there_is_a_pause() -> None:
    target = Target(pause_s=3)
    target.scraped(0, -5, 7, 70)
    target.scraped(5, -5, 8, 79)
    assert [target.scraped(at_s, -5, 8, 79) for at_s in range(10, 200, 5)] == [[]] * 38


def test_very_many_ends_are_told_up_to_a_number_and_the_others_counted() -> None:
    target = Target()
    target.scraped(0, -1, 0, 0)
    target.scraped(5, 4.5, 10_000, 5)
    assert target.watch.iterations == MOST_ENDS
    assert target.form.uncounted == 10_000 - MOST_ENDS


def test_a_lost_end_is_told_by_the_next_start() -> None:
    target = Target()
    target.scraped(0, -20, 7, 70)
    assert kinds(target.scraped(5, 3, 7, 70)) == [START]
    assert target.happened == ["lost_end"]


def test_a_standby_replica_that_never_loops_is_no_stall() -> None:
    target = Target()
    for at_s in range(0, 1000, 5):
        assert target.scraped(at_s, None) == []
    for at_s in range(1000, 2000, 5):
        assert target.scraped(at_s, 0, 0, 0) == []
    assert target.watch.in_flight is None


@pytest.mark.parametrize("how", ["counter", "gauge", "born", "gone"])
def test_a_restart_resets_and_triggers_nothing(how: str) -> None:
    target = Target()
    target.scraped(0, -20, 7, 70)
    assert target.watch.in_flight is not None
    target.gap = True
    target.born = 2.0 if how == "born" else 1.0
    start_s, ends, sum_s = {
        "counter": (5000.0, 0.0, 0.0),
        "gauge": (-1000.0, 7.0, 70.0),
        "born": (5000.0, 7.0, 70.0),
        "gone": (None, None, None),
    }[how]
    first = target.scraped(5003, start_s, ends, sum_s)[0]
    assert (first.kind, first.at_s) == (IDLE, -0.01)  # it is known to have lasted till then
    assert target.triggers == []
    assert not any(one.overran for one in target.happened if isinstance(one, Ended))


def test_after_a_restart_the_new_process_is_followed() -> None:
    target = Target()
    target.scraped(0, -20, 7, 70)
    target.scraped(60, 58, None, None)
    assert target.watch.in_flight is not None
    assert target.watch.in_flight.started_s == 58
    assert kinds(target.scraped(65, 58, 1, 4)) == [END]


def test_a_wrong_clock_of_the_target_moves_no_start_out_of_the_scrapes_that_show_it() -> None:
    for skew_s in (-5000, 5000):
        target = Target()
        target.scraped(0, -1, 7, 70)
        target.skew_s = skew_s  # it is set while we look: the gauge goes with it
        marks = target.scraped(5, 4, 7, 70)
        started = next(mark for mark in marks if mark.kind is START)
        assert -0.01 <= started.at_s <= 5


@pytest.mark.parametrize("wrong_s", [-7200.0, 7200.0])
def test_an_age_is_never_negative_and_the_next_start_is_placed_by_our_own_clock(wrong_s: float) -> None:
    target = Target()
    form = target.form
    for at_s, start_s, ends in ((0.0, -3.0, 7.0), (5.0, -3.0, 8.0), (10.0, 8.0, 8.0)):
        samples = [
            Sample(name="start", labels={}, value=WALL_S + start_s),
            Sample(name="took_count", labels={}, value=ends),
        ]
        wall_s = WALL_S + at_s + wrong_s  # no `Date`: our own clock, and it is not the target's
        scrape = Scrape(asked_s=at_s, answered_s=at_s, wall_s=wall_s, samples=samples)
        marks = form.take(scrape)
        assert all(mark.at_s <= at_s for mark in marks)
    assert [mark.kind for mark in marks] == [START]
    assert 5 <= marks[0].at_s <= 10


def test_what_happened_while_it_could_not_be_asked_is_blamed_on_nobody() -> None:
    target = Target(end="turns_total")
    target.form = Starts(Selector("start"), Selector("took_count"), 15)
    target.scraped(0, -20, 7)
    target.gap = True
    marks = target.scraped(4000, 3990, 300)
    assert all(isinstance(one, Ended) is False or not one.overran for one in target.happened)
    assert marks[0] == Mark(kind=END, at_s=3990, duration_s=pytest.approx(19.99))
    assert target.triggers == []


def test_what_went_on_through_a_gap_is_still_in_flight_since_its_start() -> None:
    target = Target()
    target.scraped(0, -20, 7, 70)
    target.gap = True
    target.scraped(300, -20, 7, 70)
    assert [trigger.started_s for trigger in target.triggers] == [-20]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0])
def test_values_that_are_none_do_no_harm(value: float) -> None:
    target = Target()
    for at_s, one in enumerate([value, 5.0, value, 6.0]):
        target.scraped(at_s, -20, one, one)
    target.scraped(10, float("nan") if value != value else -20, 7, 70)
    assert target.triggers == []
