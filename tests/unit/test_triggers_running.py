"""The part that looks: what it reads of a real process, and what it does where nothing is configured."""

import asyncio
import os
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from daemon.captures import Captures
from daemon.config.load import parse
from daemon.delivery.deliveries import Deliveries
from daemon.events import Events
from daemon.limits.admission import Admission
from daemon.limits.file import LimitsFile
from daemon.targets.fleet import Fleet
from daemon.targets.target import Target
from daemon.telemetry.series import Telemetry
from daemon.triggers import exits
from daemon.triggers.running import Triggers
from model.errors import RefusedError
from model.events import Event, EventKind, Refusal, Trigger, TriggerKind
from tests.unit.spool.entries import opened_spool

CONFIG = """
targets:
  - {{name: demo, process: {{pid: {pid}}}, max_loop_time: 1h, triggers: {triggers}}}
spool: {{path: {folder}/spool}}
"""


class Wishes(Captures):
    """Remembers what was wished for, and refuses it."""

    triggers: list[Trigger]

    def begin(self, target, trigger, notes=(), *, name="", follows_iteration=False, ended=None) -> str:  # type: ignore[no-untyped-def]
        self.triggers.append(trigger)
        raise RefusedError(Refusal.BUSY, "a test")


class Scene:
    """A target that is a real process, and its triggers."""

    def __init__(self, folder: Path, pid: int, triggers: str) -> None:
        config = parse(CONFIG.format(folder=folder, pid=pid, triggers=triggers), "a test")
        self.spool = opened_spool(folder / "spool")
        admission = Admission(config, LimitsFile(folder / "limits.json"), self.spool)
        deliveries = Deliveries(config.sinks, self.spool, lambda sink, entry, delivery: None)
        telemetry = Telemetry("1.2.3")
        self.captures = Wishes(admission, self.spool, deliveries, telemetry)
        self.captures.triggers = []
        self.fleet = Fleet(config.targets, self._exited)
        self.events = Events(self.fleet, self.captures, telemetry, lambda: None)
        self.triggers = Triggers(self.fleet, self.captures, self.events)
        self.target: Target = self.fleet["demo"]
        self.target.hold(pid)

    def say(self, kind: EventKind, iteration: str) -> None:
        at_s = time.monotonic()
        event = Event(source="heartbeat", target="demo", kind=kind, at_s=at_s, iteration=iteration)
        self.events.take(event)

    def _exited(self, target: Target) -> None:
        self.triggers.exited(target)

    def close(self) -> None:
        self.events.deadlines.stop()
        self.target.let_go()
        self.spool.close()


Made = Callable[..., Scene]


@pytest.fixture
async def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Made]:
    monkeypatch.setattr(exits, "SETTLE_S", 0.0)
    scenes: list[Scene] = []

    def make(triggers: str, pid: int = os.getpid()) -> Scene:
        scenes.append(Scene(tmp_path, pid, triggers))
        return scenes[-1]

    yield make
    for scene in scenes:
        scene.close()


async def test_a_real_process_holds_memory_and_takes_time(made: Made) -> None:
    scene = made("[{memory: {above: 1MiB}}, {cpu: {above: 1%, over: 1s}}]")
    scene.triggers.look(1000.0)
    (memory,) = scene.captures.triggers
    assert (memory.kind, memory.at_s, memory.started_s) == (TriggerKind.MEMORY, 1000.0, None)
    assert memory.reason.endswith(" MiB, limit 1 MiB")
    began_s = time.process_time()
    while time.process_time() - began_s < 0.2:  # at least ten ticks of the kernel's
        pass
    scene.triggers.look(1000.5)  # too early to look again
    scene.triggers.look(1001.0)
    assert [one.kind for one in scene.captures.triggers] == [TriggerKind.MEMORY, TriggerKind.CPU]
    says = {one.name: one.says for one in scene.triggers.armed(scene.target)}
    assert says["cpu"].endswith("; fires above 1% over 1s")
    assert says["memory"].endswith("; fires above 1 MiB")


async def test_a_trigger_bears_the_iteration_that_is_in_flight(made: Made) -> None:
    scene = made("[{memory: {above: 1MiB}}]")
    event = Event(source="heartbeat", target="demo", kind=EventKind.START, at_s=900.0, iteration="17")
    scene.target.take(event)
    scene.triggers.look(1000.0)
    (memory,) = scene.captures.triggers
    assert (memory.iteration, memory.started_s, memory.threshold_s) == ("17", 900.0, None)


async def test_another_process_is_judged_anew(made: Made) -> None:
    scene = made("[{memory: {above: 1MiB}}]")
    scene.triggers.look(1000.0)
    scene.triggers.look(1010.0)
    assert len(scene.captures.triggers) == 1
    scene.target.hold(os.getpid())
    scene.triggers.look(1020.0)
    assert len(scene.captures.triggers) == 2


async def test_nothing_is_done_for_nothing(made: Made) -> None:
    scene = made("[]")
    scene.triggers.look(1000.0)
    assert list(scene.triggers.armed(scene.target)) == []
    assert (scene.triggers._judged, scene.captures.triggers) == ({}, [])


@pytest.fixture
def child() -> Iterator["subprocess.Popen[bytes]"]:
    one = subprocess.Popen(["sleep", "60"])
    yield one
    one.kill()
    one.wait()


def end(child: "subprocess.Popen[bytes]") -> None:
    """Kill it; nobody asks how it ended."""
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)


async def settled(scene: Scene) -> list[str]:
    """The reasons, once all who ended were judged."""
    later = asyncio.Event()
    asyncio.get_running_loop().call_later(0, later.set)  # after those that wait already
    await later.wait()
    assert scene.triggers.exits.settling == 0
    assert {one.kind for one in scene.captures.triggers} <= {TriggerKind.EXIT}
    return [one.reason for one in scene.captures.triggers]


def ended_now(scene: Scene, child: "subprocess.Popen[bytes]") -> None:
    process = scene.target.process
    assert process is not None
    end(child)
    process.end()
    assert scene.target.process is None


@pytest.mark.parametrize("within", [True, False])
async def test_an_exit_between_iterations(
    made: Made, child: "subprocess.Popen[bytes]", *, within: bool
) -> None:
    scene = made(f"[{{exit: {{within_iteration: {str(within).lower()}}}}}]", child.pid)
    ended_now(scene, child)
    said = "the process ended between iterations; it was ended by SIGKILL"
    assert await settled(scene) == ([] if within else [said])


@pytest.mark.parametrize(("late", "count"), [(None, 1), ("17", 0), ("16", 1)])
async def test_the_end_of_the_last_iteration_may_be_heard_after_that_of_the_process(
    made: Made, child: "subprocess.Popen[bytes]", late: str | None, count: int
) -> None:
    scene = made("[exit]", child.pid)
    scene.say(EventKind.START, "17")
    ended_now(scene, child)
    if late is not None:
        scene.say(EventKind.END, late)
    reasons = await settled(scene)
    assert len(reasons) == count
    assert all(one.startswith("the process ended while iteration 17 was in flight") for one in reasons)
