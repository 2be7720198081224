"""From a metrics source to its target: lateness, deafness, and the source that decides meanwhile."""

from collections.abc import Iterator

import pytest

from daemon.capture.subject import subject
from daemon.config.doubts import doubts
from daemon.config.load import parse
from daemon.sources.contract import Condition, Post
from daemon.sources.metrics.exposition import Exposition
from daemon.sources.metrics.hearing import CURIOUS_EVERY_S, Hearing
from daemon.sources.metrics.options import Metrics
from daemon.sources.metrics.scraping import Answer
from daemon.sources.metrics.source import Pace
from daemon.targets.held import HeldAddress
from daemon.targets.target import Target
from daemon.telemetry.series import Telemetry
from model.errors import FetchError
from model.events import Event, EventKind, Trigger, TriggerKind
from tests.virtual_time import STARTS_S, VirtualLoop, run

TEXT = """
targets:
  - name: demo
    address: 127.0.0.1:1
    max_loop_time: 60s
    iterations:
      - metrics: {start: loop_start, end: loop_took_count, idle_allowance: 15s}
      - {name: no-answer, metrics: {unanswered: true}}
"""
START, END = EventKind.START, EventKind.END
LATE_S = 7.5


@pytest.fixture
def target() -> Iterator[Target]:
    (config,) = parse(TEXT, "a test").targets
    target = Target(config, lambda target: None)
    target.take_hold(HeldAddress("127.0.0.1:1"))
    yield target
    target.let_go()


def say(
    target: Target, kind: EventKind, at_s: float, source: str = "metrics", name: str | None = None
) -> None:
    target.take(Event(source=source, target="demo", kind=kind, at_s=at_s, iteration=name))


def test_an_overrun_waits_for_the_scrape_that_confirms_it(target: Target) -> None:
    say(target, START, 100)
    assert target.due_s() == 160 + LATE_S
    assert target.fire(160 + LATE_S - 0.1) is None
    trigger = target.fire(160 + LATE_S)
    assert trigger is not None
    assert (trigger.certainty, trigger.reason) == ("certain", "in flight for 1m8s, allowed are 1m")


def test_what_is_in_flight_keeps_its_age_through_failures(target: Target) -> None:
    say(target, START, 100)
    target.source_up("metrics", up=False, at_s=110)
    assert target.due_s() is None
    target.source_up("metrics", up=True, at_s=500)
    trigger = target.fire(500)
    assert trigger is not None
    assert trigger.started_s == 100


def test_while_nothing_answers_the_second_source_decides(target: Target) -> None:
    say(target, START, 100)
    target.source_up("metrics", up=False, at_s=110)
    say(target, START, 109, "no-answer", "no answer #1")
    trigger = target.fire(109 + 60 + LATE_S)
    assert trigger is not None
    assert trigger.iteration == "no answer #1"
    say(target, END, 300, "no-answer", "no answer #1")
    target.source_up("metrics", up=True, at_s=300)
    assert target.deciding == "metrics"


def test_its_path_is_no_log_of_the_target_and_its_preset_is_known() -> None:
    (config,) = parse(TEXT.replace("{start", "{preset: cluster-autoscaler, start"), "a test").targets
    trigger = Trigger(target="demo", kind=TriggerKind.MANUAL, reason="x", at_s=1)
    made = subject(config, trigger, HeldAddress("127.0.0.1:1"))
    assert (made.logs, made.presets) == ((), ("cluster-autoscaler",))


def test_the_lateness_of_scrapes_counts_before_a_probe_kills() -> None:
    text = "targets: [{name: a, address: 'h:1', max_loop_time: 9m25s, iterations: [metrics: %s]}]"
    (doubt,) = doubts(parse(text % "{preset: cluster-autoscaler}", "x"), {})
    assert "max_loop_time 9m25s + interval and deadline 7.5s + collection_time 30s is more than 10m" in doubt
    assert not list(doubts(parse(text % "{preset: cluster-autoscaler, interval: 2s}", "x"), {}))


class Told:
    """A hearing with what it told."""

    def __init__(self, options: Metrics) -> None:
        self.events: list[Event] = []
        self.conditions: list[Condition] = []
        self.telemetry = Telemetry("test")
        post = Post(
            target="demo",
            name="metrics",
            deliver=self.events.append,
            report=self.conditions.append,
            process=lambda: None,
            endpoint=None,
            folder=None,  # type: ignore[arg-type]
            telemetry=self.telemetry,
        )
        self.hearing = Hearing(options, post)

    def answered(self, at_s: float, text: str) -> bool:
        """An answer at a time; whether it was looked at as a whole."""
        curious = self.hearing.curious(at_s)
        one = Exposition(self.hearing.names(curious=curious), curious=curious)
        one.take(text.encode())
        self.hearing.take(Answer(exposition=one, asked_s=at_s, answered_s=at_s, wall_s=at_s))
        return curious


OPTIONS = Metrics(start="loop_start", end="loop_took_count", idle_allowance=1.0)  # type: ignore[arg-type]


def test_all_names_are_looked_at_first_and_now_and_then_while_something_is_missing() -> None:
    told, good = Told(OPTIONS), "loop_start 1\nloop_took_count 1\n"
    assert [told.answered(at_s, good) for at_s in (0, 5, 500)] == [True, False, False]
    assert [told.answered(at_s, "loop_up 1\n") for at_s in (1000, 1005, 1010)] == [False, True, False]
    assert told.answered(1005 + CURIOUS_EVERY_S, "loop_up 1\n")
    assert told.conditions[-1].detail == "no loop_start yet, as on a replica that has never begun its loop"


def test_a_failure_is_told_before_any_event_and_so_is_that_it_is_over() -> None:
    told = Told(OPTIONS)
    told.answered(100, "loop_start 99.5\nloop_took_count 1\n")
    told.hearing.failed(FetchError("gone", remedy="look"), 105)
    assert told.conditions[-1] == Condition(False, "gone", "look")
    told.answered(800, "loop_start 99.5\nloop_took_count 1\n")
    assert told.conditions[-1] == Condition(True)
    assert [(event.kind, event.at_s) for event in told.events] == [(START, 99.5)]


def test_iterations_beyond_those_that_are_told_are_counted() -> None:
    told = Told(OPTIONS)
    for at_s, count in ((0, 0), (5, 1000)):
        told.answered(at_s, f"loop_start {at_s + 1}\nloop_took_count {count}\nloop_took_sum {count}\n")
    assert b'loopcam_stale_events_total{source="metrics",target="demo"} 900.0' in told.telemetry.writer()[0]()


def test_turns_keep_their_interval_and_none_is_made_up_for() -> None:
    async def turns(loop: VirtualLoop) -> list[float]:
        pace = Pace(5.0, "a")
        at_s = [await pace.turn() for _ in range(3)]
        loop.jump(22.0)  # as while we are paused
        return [*at_s, *[await pace.turn() for _ in range(3)]]

    first_s, second_s, *later_s = run(turns)
    assert first_s == STARTS_S
    assert 0 < second_s - first_s <= 5
    assert [at_s - second_s for at_s in later_s] == pytest.approx([5, 30, 35, 40])
