"""What is wanted of the dashcam while iterations start, grow old and end."""

import pytest

from daemon.config.load import parse
from daemon.dashcam.wanting import Wanting
from daemon.targets.target import Target
from model.events import Event, EventKind
from model.history import History

CONFIG = """
targets:
  - {{name: demo, process: {{pid: 1}}, max_loop_time: 2m, dashcam: {dashcam}, iterations: [{source}]}}
"""


def target(dashcam: str = "adaptive", source: str = "heartbeat") -> Target:
    (config,) = parse(CONFIG.format(dashcam=dashcam, source=source), "a test").targets
    return Target(config, lambda gone: None)


def say(whom: Target, kind: EventKind, at_s: float) -> None:
    whom.take(Event(source="heartbeat", target="demo", kind=kind, at_s=at_s))


def wanting(whom: Target, p99_s: float | None = None) -> Wanting:
    known = p99_s and History(iterations=50, median_s=p99_s, p90_s=p99_s, p99_s=p99_s, most_s=p99_s)
    return Wanting(whom, lambda asked: known or None)


def test_nothing_is_wanted_of_a_young_iteration():
    one = target()
    want = wanting(one)
    assert (want.wish(100.0), want.due_s()) == (None, None)
    say(one, EventKind.START, 100.0)
    assert (want.wish(129.0), want.due_s()) == (None, 130.0)


def test_stacks_are_wanted_of_a_slow_one_until_it_ends():
    one = target()
    want = wanting(one)
    say(one, EventKind.START, 100.0)
    slow, later = want.wish(130.0), want.wish(200.0)
    assert slow is not None
    assert later is not None
    assert later.rate_hz > slow.rate_hz
    say(one, EventKind.END, 201.0)
    assert want.wish(201.0) is None


def test_one_that_is_slower_than_others_were_is_slow():
    one = target()
    say(one, EventKind.START, 100.0)
    assert wanting(one, p99_s=2.0).due_s() == 103.0


def test_healthy_ones_are_sampled_as_long_as_that_is_asked_for():
    one, asked = target(), [True]
    want = wanting(one)
    say(one, EventKind.START, 100.0)
    want.healthy = lambda: asked[0]
    wish = want.wish(100.1)
    assert wish is not None
    assert not wish.slow
    say(one, EventKind.END, 101.0)
    assert want.wish(101.0) is not None
    asked[0] = False
    assert want.wish(101.1) is None


def test_off_wants_nothing_and_continuous_always_something():
    off, always = target("off"), target("continuous")
    say(off, EventKind.START, 100.0)
    assert wanting(off).wish(219.0) is None
    wish = wanting(always).wish(0.0)
    assert wish is not None
    assert wish.rate_hz == 10


@pytest.mark.parametrize("written", ["off", "false"])
def test_off_is_off_also_where_helm_made_it_false(written: str):
    assert target(written).config.dashcam.mode == "off"


def test_a_pause_that_no_event_marks_is_no_part_of_an_iteration():
    one = target(source="{heartbeat: {mode: beat, idle_allowance: 10s}}")
    say(one, EventKind.BEAT, 100.0)
    assert wanting(one).due_s() == 140.0
