"""A target whose deciding source is down: an end could not be heard, so nothing fires."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from daemon.config.load import parse
from daemon.targets.target import Target, TargetState
from daemon.watch.iterations import Ended, Stray
from model.events import Event, EventKind

CERTAIN = "{path: /a.log, start: begin, end: done}"
CROWD = "{path: /a.log, start: 'begin (?P<iteration>.)', end: 'done (?P<iteration>.)', concurrent: true}"
INFERRED = "{path: /a.log, beat: beat, idle_allowance: 1s}"
SOURCES = [(CERTAIN, "start", 2.0), (CROWD, "start", 2.0), (INFERRED, "beat", 3.0)]


@contextmanager
def made(*logs: str) -> Iterator[Target]:
    """A target with log sources `a` and `b`, which has a process."""
    listed = ", ".join(f"{{log: {log}, name: {name}}}" for log, name in zip(logs, "ab", strict=False))
    text = "targets: [{name: demo, process: {pid: %d}, max_loop_time: 2s, iterations: [%s]}]"
    (config,) = parse(text % (os.getpid(), listed), "a test").targets
    target = Target(config, lambda target: None)
    target.hold(os.getpid())
    try:
        yield target
    finally:
        target.let_go()


def told(target: Target, source: str, kind: str, at_s: float, name: str = "1") -> tuple[Ended | Stray, ...]:
    iteration = None if kind == "beat" else name
    event = Event(source=source, target="demo", kind=EventKind(kind), at_s=at_s, iteration=iteration)
    return target.take(event)


@pytest.mark.parametrize(("log", "kind", "limit_s"), SOURCES)
async def test_nothing_fires_while_the_only_source_is_down(log: str, kind: str, limit_s: float) -> None:
    with made(log) as target:
        told(target, "a", kind, 100.0)
        assert target.due_s() == 100.0 + limit_s
        target.source_up("a", up=False, at_s=101.0)
        assert (target.due_s(), target.in_flight) == (None, None)
        assert target.fire(1e6) is None
        assert target.state(1e6) is TargetState.STANDBY


@pytest.mark.parametrize(("log", "kind", "limit_s"), SOURCES)
async def test_what_is_in_flight_counts_from_when_the_source_hears_again(
    log: str, kind: str, limit_s: float
) -> None:
    with made(log) as target:
        told(target, "a", kind, 100.0)
        target.source_up("a", up=False, at_s=101.0)
        target.source_up("a", up=True, at_s=500.0)
        target.source_up("a", up=True, at_s=501.0)
        assert target.due_s() == 500.0 + limit_s
        trigger = target.fire(500.0 + limit_s)
        assert trigger is not None
        assert (trigger.started_s, trigger.level, trigger.fired) == (500.0, 0, 1)
        assert target.fire(500.0 + limit_s) is None


async def test_an_overrun_that_fired_before_is_no_second_one_but_fires_again_in_time() -> None:
    with made(CERTAIN) as target:
        told(target, "a", "start", 100.0)
        assert target.fire(102.0) is not None
        target.source_up("a", up=False, at_s=103.0)
        target.source_up("a", up=True, at_s=200.0)
        trigger = target.fire(202.0)
        assert trigger is not None
        assert (trigger.level, trigger.fired) == (0, 2)


async def test_what_ends_after_a_source_was_down_did_not_overrun_meanwhile() -> None:
    with made(INFERRED) as target:
        told(target, "a", "beat", 100.0)
        target.source_up("a", up=False, at_s=101.0)
        target.source_up("a", up=True, at_s=500.0)
        (ended,) = told(target, "a", "beat", 501.0)
        assert isinstance(ended, Ended)
        assert not ended.overran
        target.source_up("a", up=False, at_s=502.0)
        (ended,) = told(target, "a", "beat", 900.0)  # parts of it are heard
        assert isinstance(ended, Ended)
        assert (ended.overran, ended.unseen) == (False, False)


async def test_another_source_that_is_live_decides_at_once_by_what_it_heard() -> None:
    with made(INFERRED, CERTAIN) as target:
        told(target, "a", "beat", 100.0)
        told(target, "b", "start", 100.5)
        target.source_up("a", up=False, at_s=101.0)
        assert target.due_s() == 102.5
        trigger = target.fire(102.5)
        assert trigger is not None
        assert trigger.certainty == "certain"
        target.source_up("b", up=False, at_s=103.0)
        assert target.due_s() is None
        target.source_up("b", up=True, at_s=200.0)
        assert target.due_s() == 202.0
