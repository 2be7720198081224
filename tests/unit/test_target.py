import os
import time
from collections.abc import AsyncIterator

import pytest

from daemon.config.load import parse
from daemon.targets.target import Target, TargetState
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
