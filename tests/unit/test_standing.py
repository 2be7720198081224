"""The line for `systemctl status`."""

import time
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from daemon.config.load import parse
from daemon.core import Core
from daemon.standing import line
from daemon.targets.held import HeldAddress
from daemon.targets.possible import Possible
from daemon.targets.target import Target
from model.events import Event, EventKind

TEXT = """\
targets:
  - {name: a, process: {match: x}, max_loop_time: 2m}
  - {name: b, process: {match: y}, max_loop_time: 30s}
"""


@dataclass
class Admission:
    running: set[str] = field(default_factory=set)
    switched_off: bool = False

    def disabled(self) -> bool:
        return self.switched_off


@dataclass
class FakeCore:
    fleet: list[Target]
    admission: Admission = field(default_factory=Admission)
    refused_config: str = ""


@pytest.fixture
def core() -> FakeCore:
    configs = parse(TEXT, "a test").targets
    return FakeCore([Target(config, lambda _target: None) for config in configs])


def told(core: FakeCore, in_s: float = 0.0) -> str:
    return line(cast(Core, core), time.monotonic() + in_s)


def there(target: Target) -> Target:
    target.take_hold(cast(Any, HeldAddress("127.0.0.1:1")))
    return target


def started(target: Target) -> None:
    at_s = time.monotonic()
    target.take(
        Event(
            target=target.name,
            loop="main",
            kind=EventKind.START,
            source="heartbeat",
            at_s=at_s,
            iteration=None,
        )
    )


def test_who_is_waited_for_is_told_with_the_reason(core: FakeCore) -> None:
    core.fleet[0].possible = Possible(False, "no_process", "unit a.service is inactive")
    del core.fleet[1]
    assert told(core) == "waiting for a: unit a.service is inactive"


def test_an_iteration_is_told_in_few_steps(core: FakeCore) -> None:
    del core.fleet[1]
    started(there(core.fleet[0]))
    lines = {told(core, in_s) for in_s in range(0, 121)}
    assert len(lines) == 13
    assert told(core, 9) == "watching a"
    assert told(core, 12.5) == "watching a, iteration 10 s of 120 s"
    assert told(core, 119) == "watching a, iteration 110 s of 120 s"


def test_of_several_the_one_nearest_to_its_threshold_is_told(core: FakeCore) -> None:
    one, other = core.fleet
    there(one)
    assert told(core) == "watching 1 of 2 targets"
    started(one)
    started(there(other))
    assert told(core, 12.5) == "watching 2 of 2 targets, b: iteration 12 s of 30 s"


def test_a_capture_comes_first(core: FakeCore) -> None:
    core.admission.running = {"b", "a"}
    assert told(core) == "capturing a, b"


def test_what_hinders_is_told(core: FakeCore) -> None:
    there(core.fleet[0]).possible = Possible(False, "not_permitted", "may not", "do")
    core.admission.switched_off = True
    core.refused_config = "faults"
    assert told(core) == (
        "watching 1 of 2 targets; no capture of a possible (not_permitted); captures are disabled; "
        "the new configuration was refused, the old one stays"
    )
