"""Gauges of seconds in flight, scrape by scrape."""

import random

from daemon.sources.metrics.contract import Mark
from daemon.sources.metrics.forms.ages import MOST_SERIES, Ages
from daemon.sources.metrics.selectors import Selector
from daemon.watch.crowd import CrowdWatch
from daemon.watch.iterations import Ended, Rules
from model.events import Event, EventKind, Trigger
from tests.unit.metrics.scrapes import ages, sample, scrape, told

START, END = EventKind.START, EventKind.END
NAN = float("nan")
RULES = Rules(mode="start_end", max_loop_time_s=30, first_loop_time_s=30, concurrent=True, lag_s=1)


def into(watch: CrowdWatch, marks: list[Mark]) -> list[Ended]:
    happened = []
    for mark in marks:
        event = Event(
            source="m",
            target="a",
            kind=mark.kind,
            at_s=mark.at_s,
            iteration=mark.iteration,
            duration_s=mark.duration_s,
        )
        happened += watch.take(event)
    assert all(isinstance(one, Ended) for one in happened)
    return [one for one in happened if isinstance(one, Ended)]


def form(iteration: str | None = None) -> Ages:
    return Ages([Selector("age")], iteration)


def test_the_gauge_tells_when_it_began() -> None:
    one = form()
    assert one.take(ages(100, {"q": 0})) == []
    assert told(one.take(ages(105, {"q": 3}))) == [(START, "q #1", 102)]
    assert one.take(ages(110, {"q": 7.8})) == []
    (ended,) = one.take(ages(115, {"q": 0}))
    assert ended == Mark(kind=END, at_s=115, iteration="q #1", duration_s=8)


def test_a_stall_that_began_before_us_has_its_age() -> None:
    assert told(form().take(ages(100, {"q": 900}))) == [(START, "q #1", -800)]


def test_less_than_before_is_another_one() -> None:
    one = form()
    one.take(ages(100, {"q": 20}))
    assert told(one.take(ages(105, {"q": 19}))) == [(END, "q #1", 105), (START, "q #2", 86)]


def test_growth_far_below_the_time_that_passed_is_another_one() -> None:
    one = form()
    one.take(ages(100, {"q": 1}))
    assert told(one.take(ages(105, {"q": 1.5}))) == [(END, "q #1", 105), (START, "q #2", 103.5)]


def test_a_gauge_that_is_brought_up_to_date_now_and_then_shows_one_iteration() -> None:
    one, marks = form(), []
    for tick in range(1, 200):
        at_s = tick * 0.7
        marks += one.take(ages(at_s, {"q": max(0.1, 0.5 * (at_s // 0.5) - 0.3)}))
    assert [mark.kind for mark in marks] == [START]


def test_a_frozen_gauge_still_ages() -> None:
    one = form()
    one.take(ages(100, {"q": 4.25}))
    assert [one.take(ages(at_s, {"q": 4.25})) for at_s in range(105, 300, 5)] == [[]] * 39
    (ended,) = one.take(ages(300, {"q": 0}))
    assert ended.duration_s == 199.25


def test_short_iterations_one_after_the_other_never_add_up_to_an_overrun() -> None:
    watch, one, chance = CrowdWatch("a", "main", RULES), form(), random.Random(5)
    for at_s in range(3000):
        into(watch, one.take(ages(at_s, {"q": chance.choice([0, chance.random() * 2])})))
        assert watch.fire(at_s) is None
    assert watch.iterations > 1000


def test_queues_are_told_apart_and_the_one_that_hangs_is_named() -> None:
    watch, one = CrowdWatch("a", "main", RULES), form()
    triggers: list[Trigger] = []
    for at_s in range(0, 60, 5):
        into(watch, one.take(ages(at_s, {"machine": float(at_s), "cluster": at_s % 10 * 0.1})))
        triggers += filter(None, [watch.fire(at_s)])
    (fired,) = triggers
    assert ((fired.iteration or "")[:9], fired.started_s, fired.certainty) == ("machine #", 0, "certain")


def test_an_end_is_judged_by_what_was_seen_and_not_by_a_gap() -> None:
    watch, one = CrowdWatch("a", "main", RULES), form()
    ended = [
        end
        for taken in (ages(0, {"q": 1}), ages(5, {"q": 6}), ages(4000, {"q": 0}, gap=True))
        for end in into(watch, one.take(taken))
    ]
    assert [(end.overran, end.unseen) for end in ended] == [(False, False)]


def test_a_label_that_names_the_iteration_keeps_it_in_flight_while_its_series_is_there() -> None:
    one = Ages([Selector("age")], "id")

    def taken(at_s: float, **values: float) -> list[tuple[EventKind, str | None, float]]:
        samples = [sample("age", value, controller="provisioner", id=name) for name, value in values.items()]
        return told(one.take(scrape(at_s, samples)))

    assert taken(0) == []
    assert taken(5, x=0.0) == [(START, "provisioner/x", 5)]
    assert taken(10, x=0.4, y=2) == [(START, "provisioner/y", 8)]
    assert taken(15, x=0.4, y=1) == []  # frozen, and less than before: it is the same one
    assert taken(20, x=0.4) == [(END, "provisioner/y", 20)]
    assert taken(3600, x=0.4) == []
    assert taken(3605) == [(END, "provisioner/x", 3605)]


def test_a_series_without_that_label_goes_by_its_value() -> None:
    one = Ages([Selector("age"), Selector("longest")], "id")
    assert told(one.take(scrape(10, [sample("longest", 0, name="q"), sample("age", 0, id="x")]))) == [
        (START, "x", 10)
    ]
    assert told(one.take(scrape(15, [sample("longest", 2, name="q", controller="q")]))) == [
        (END, "x", 15),
        (START, "q #1", 13),
    ]


def test_what_is_no_age_is_nothing_in_flight() -> None:
    one = form()
    assert one.take(ages(0, {"a": NAN, "b": -1, "c": float("inf")})) == []
    one.take(ages(5, {"a": 3}))
    assert [mark.kind for mark in one.take(ages(10, {"a": NAN}))] == [END]


def test_no_more_series_are_followed_than_a_watch_can_hold() -> None:
    one = form()
    many = {str(number): 1.0 for number in range(MOST_SERIES + 50)}
    assert len(one.take(ages(0, many))) == MOST_SERIES
    assert one.take(ages(1, dict.fromkeys(many, 2.0))) == []
    assert len(one.take(ages(2, {}))) == MOST_SERIES


def test_a_restart_ends_what_was_in_flight() -> None:
    one = form()
    one.take(ages(0, {"q": 50}))
    assert told(one.take(ages(100, {"q": 60}, gap=True))) == [(END, "q #1", 100), (START, "q #2", 40)]
