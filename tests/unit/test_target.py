import os
import time
from collections.abc import AsyncIterator

import pytest

from daemon.config.load import parse
from daemon.targets.target import Target, TargetState
from daemon.watch.iterations import Ended, Stray
from model.errors import LoopcamError
from model.events import Event, EventKind

ME = os.getpid()


def made(first_loop_time: str = "1h") -> Target:
    text = "targets: [{name: demo, process: {pid: %d}, max_loop_time: 10ms, first_loop_time: %s}]"
    (config,) = parse(text % (ME, first_loop_time), "a test").targets
    return Target(config, lambda target: None)


@pytest.fixture
async def target() -> AsyncIterator[Target]:
    target = made()
    yield target
    target.let_go()


def say(target: Target, kind: EventKind) -> None:
    target.take(Event(source="heartbeat", target="demo", kind=kind, at_s=time.monotonic()))


async def test_a_target_waits_until_its_process_is_there(target: Target) -> None:
    assert target.state(time.monotonic()) is TargetState.WAITING
    target.hold(2**22 + 1)
    assert (target.process, target.pid) == (None, None)
    target.hold(ME)
    assert target.pid == ME


async def test_a_target_starts_until_its_first_iteration_ended(target: Target) -> None:
    target.hold(ME)
    now_s = time.monotonic()
    assert target.state(now_s) is TargetState.STARTING
    say(target, EventKind.START)
    assert target.state(now_s + 1e6) is TargetState.STARTING
    say(target, EventKind.END)
    assert target.state(now_s) is TargetState.ACTIVE


async def test_a_target_that_never_starts_a_loop_is_on_standby(target: Target) -> None:
    target.hold(ME)
    assert target.state(time.monotonic() + 3601) is TargetState.STANDBY


async def test_a_target_that_resigned_is_on_standby_until_it_starts_again(target: Target) -> None:
    target.hold(ME)
    say(target, EventKind.START)
    say(target, EventKind.IDLE)
    assert target.state(time.monotonic()) is TargetState.STANDBY
    say(target, EventKind.START)
    assert target.state(time.monotonic()) is TargetState.ACTIVE


async def test_only_a_young_process_is_given_time_for_its_first_iteration() -> None:
    for first_loop_time, threshold_s in (("1000h", 3.6e6), ("20ms", 0.01)):
        target = made(first_loop_time)
        target.hold(ME)
        say(target, EventKind.START)
        assert target.watch.in_flight is not None
        assert target.watch.in_flight.threshold_s == threshold_s
        target.let_go()


async def test_a_process_that_is_let_go_takes_its_iteration_with_it(target: Target) -> None:
    target.hold(ME)
    say(target, EventKind.START)
    target.let_go()
    assert target.watch.due_s() is None
    assert target.possible.reason == "no_process"


SEVERAL = """
targets:
  - name: demo
    process: {pid: %d}
    max_loop_time: 2s
    iterations:
      - heartbeat: {mode: beat, idle_allowance: 1s}
      - log: {path: /a.log, start: begin, end: done}
        name: first
      - log: {path: /b.log, start: begin, end: done}
        name: second
"""


@pytest.fixture
async def heard() -> AsyncIterator[Target]:
    """A target with three sources."""
    (config,) = parse(SEVERAL % ME, "a test").targets
    target = Target(config, lambda target: None)
    target.hold(ME)
    yield target
    target.let_go()


def told(target: Target, source: str, kind: str, at_s: float) -> tuple[Ended | Stray, ...]:
    return target.take(Event(source=source, target="demo", kind=EventKind(kind), at_s=at_s))


async def test_the_first_source_in_order_that_was_heard_decides(heard: Target) -> None:
    assert heard.watch is heard.watches["heartbeat"]  # nobody spoke yet
    told(heard, "second", "start", 100.0)
    assert heard.watch is heard.watches["second"]
    told(heard, "first", "start", 101.0)
    assert heard.watch is heard.watches["first"]
    assert heard.watch.due_s() == 103.0
    told(heard, "second", "start", 102.0)
    assert heard.watch is heard.watches["first"]


async def test_what_follows_from_the_others_is_not_told_twice(heard: Target) -> None:
    for source in ("second", "first"):
        told(heard, source, "start", 100.0)
    assert told(heard, "second", "end", 101.0) == ()
    (ended,) = told(heard, "first", "end", 101.0)
    assert isinstance(ended, Ended)


async def test_a_source_that_hears_nothing_any_more_leaves_the_decision_to_the_next(heard: Target) -> None:
    for source in ("second", "first"):
        told(heard, source, "start", 100.0)
    heard.source_up("first", up=False, at_s=100.5)
    assert heard.watch is heard.watches["second"]
    told(heard, "second", "end", 101.0)
    assert heard.watch.due_s() is None
    heard.source_up("first", up=True, at_s=101.5)
    assert heard.watch is heard.watches["first"]


async def test_when_none_hears_the_first_in_order_decides(heard: Target) -> None:
    told(heard, "second", "start", 100.0)
    heard.source_up("second", up=False, at_s=101.0)
    assert heard.watch is heard.watches["heartbeat"]
    assert heard.watch.due_s() is None


async def test_what_one_source_saw_overrun_is_no_second_overrun_when_another_decides(heard: Target) -> None:
    for source in ("second", "first"):
        told(heard, source, "start", 100.0)
    first = heard.fire(102.0)
    assert first is not None
    assert (first.level, first.fired) == (0, 1)
    heard.source_up("first", up=False, at_s=102.05)
    assert heard.fire(102.1) is None
    second = heard.fire(104.0)
    assert second is not None
    assert (second.level, second.fired) == (1, 2)


async def test_a_new_process_is_heard_anew(heard: Target) -> None:
    told(heard, "first", "start", 100.0)
    heard.let_go()
    heard.hold(ME)
    assert heard.watch is heard.watches["heartbeat"]
    told(heard, "second", "start", 101.0)
    assert heard.watch is heard.watches["second"]


async def test_an_event_of_no_source_is_refused_and_names_those_there_are(heard: Target) -> None:
    with pytest.raises(LoopcamError, match="no source third") as refused:
        told(heard, "third", "start", 100.0)
    assert "heartbeat, first, second" in refused.value.remedy
