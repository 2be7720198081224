"""A target that never sent a heartbeat is told of, once."""

import logging
import os
import time

import pytest

from daemon.config.load import parse
from daemon.targets.target import Target
from daemon.telemetry.unheard import NeverHeard
from model.events import Event, EventKind

BEATS = "targets: [{name: demo, process: {pid: %d}, max_loop_time: 10s}]"
LOGS = f"{BEATS[:-2]}, iterations: [log: {{path: /x, start: y, end: z}}]}}]"


def made(text: str) -> Target:
    (config,) = parse(text % os.getpid(), "a test").targets
    return Target(config, lambda _target: None)


def told(text: str, caplog: pytest.LogCaptureFixture, *, heard: bool = False) -> list[int]:
    """How often, after each of three looks: at once, and twice when its first iteration should be over."""
    target, never_heard, counts = made(text), NeverHeard(), []
    target.hold(os.getpid())
    caplog.clear()
    if heard:
        target.take(Event(source="heartbeat", target="demo", kind=EventKind.IDLE, at_s=time.monotonic()))
    with caplog.at_level(logging.INFO, "daemon.telemetry.unheard"):
        for in_s in (0.0, 11.0, 12.0):
            never_heard.look([target], time.monotonic() + in_s)
            counts.append(len(caplog.records))
    target.let_go()
    return counts


async def test_it_is_told_once_when_its_first_iteration_should_be_over(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert told(BEATS, caplog) == [0, 1, 1]


async def test_one_that_said_anything_or_is_heard_otherwise_is_not(caplog: pytest.LogCaptureFixture) -> None:
    assert told(BEATS, caplog, heard=True) == [0, 0, 0]
    assert told(LOGS, caplog) == [0, 0, 0]


async def test_a_new_process_is_told_of_anew(caplog: pytest.LogCaptureFixture) -> None:
    target, never_heard = made(BEATS), NeverHeard()
    with caplog.at_level(logging.INFO, "daemon.telemetry.unheard"):
        for _ in range(2):
            target.hold(os.getpid())
            never_heard.look([target], time.monotonic() + 11.0)
            target.let_go()
    assert len(caplog.records) == 2
