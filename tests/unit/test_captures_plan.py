from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import msgspec
import pytest

from collectors.contract import Collector, Target, Window
from daemon.capture.plan import collection_time_s, plan
from daemon.config import settings
from daemon.config.load import parse
from daemon.config.parts import Part
from model.artifacts import Artifact
from model.events import PlanName, Trigger, TriggerKind
from model.units import Seconds


class Dear(Collector, frozen=True, kw_only=True):
    """Costs much."""

    async def collect(self, target: Target, window: Window, into: Path, name: str) -> Sequence[Artifact]:
        return ()


class Cheap(Dear, frozen=True, kw_only=True):
    """Costs nothing, and needs nobody."""

    light: ClassVar[bool] = True
    posthumous: ClassVar[bool] = True


def configured() -> settings.Target:
    text = """
targets:
  - name: a
    process: {pid: 1}
    max_loop_time: 1m
    triggers: [{early: {after: 10s, collection_time: 3s}}]
"""
    (target,) = parse(text, "a test").targets
    extra = (Part(kind=one, name=one, options=made) for one, made in (("dear", Dear()), ("cheap", Cheap())))
    return msgspec.structs.replace(target, collectors=(*target.collectors, *extra))


def wanted(kind: TriggerKind, level: PlanName = PlanName.FULL) -> Trigger:
    return Trigger(target="a", kind=kind, reason="a test", at_s=1.0, plan=level)


def test_a_full_capture_takes_all() -> None:
    made = plan(configured(), wanted(TriggerKind.OVERRUN))
    assert made.sampling is not None
    assert list(made.collectors) == ["host", "dear", "cheap"]
    assert collection_time_s(configured(), wanted(TriggerKind.OVERRUN)) == 30


def test_a_light_capture_takes_stacks_for_a_short_while_and_what_is_cheap() -> None:
    trigger = wanted(TriggerKind.EARLY, PlanName.LIGHT)
    made = plan(configured(), trigger)
    assert made.sampling is not None
    assert list(made.collectors) == ["host", "cheap"]
    assert collection_time_s(configured(), trigger) == 3


def test_a_drill_takes_all_for_a_moment() -> None:
    trigger = wanted(TriggerKind.MANUAL, PlanName.DRILL)
    assert list(plan(configured(), trigger).collectors) == ["host", "dear", "cheap"]
    assert collection_time_s(configured(), trigger) == 2
    short = msgspec.structs.replace(configured(), collection_time=Seconds(1))
    assert collection_time_s(short, trigger) == 1


def test_of_a_process_that_ended_only_what_needs_none_is_taken() -> None:
    made = plan(configured(), wanted(TriggerKind.EXIT))
    assert made.sampling is None
    assert list(made.collectors) == ["host", "cheap"]


@pytest.mark.parametrize(
    ("started_s", "named", "ended", "expected"),
    [
        (1.0, "17", "17", True),
        (1.0, "17", "18", False),
        (1.0, "17", None, True),  # an end without a name, where one follows the other
        (1.0, None, "17", True),
        (None, None, "17", False),  # it came between iterations
    ],
)
def test_whose_end_an_end_is(
    started_s: float | None, named: str | None, ended: str | None, expected: bool
) -> None:
    made = msgspec.structs.replace(wanted(TriggerKind.OVERRUN), started_s=started_s, iteration=named)
    assert made.is_of(ended) is expected
