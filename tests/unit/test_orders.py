"""Captures on demand in virtual time: nothing is attached to, since there is no process."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest

from daemon.capture_status import CaptureStatus, State
from daemon.captures import Captures
from daemon.config.load import parse
from daemon.delivery.deliveries import Deliveries
from daemon.events import Events
from daemon.limits.admission import Admission
from daemon.limits.file import LimitsFile
from daemon.orders import REMEMBERED, Orders
from daemon.targets.fleet import Fleet
from daemon.targets.held import HeldAddress
from daemon.targets.possible import Possible
from daemon.telemetry.series import Telemetry
from model.errors import RefusedError
from model.events import Event, EventKind, PlanName, Refusal, Trigger, TriggerKind
from tests.unit.spool.entries import opened_spool
from tests.virtual_time import VirtualLoop, run

CONFIG = """
targets: [{{name: demo, process: {{pidfile: {folder}/none.pid}}, max_loop_time: 1h}}]
spool: {{path: {folder}/spool}}
"""


class Begun(Captures):
    """Takes the wish for a capture and does nothing; `full` refuses the next one."""

    triggers: list[tuple[Trigger, str, bool]]
    full = False

    def begin(self, target, trigger, notes=(), *, name="", follows_iteration=False, ended=None) -> str:  # type: ignore[no-untyped-def]
        if self.full:
            raise RefusedError(Refusal.SPOOL_FULL, "no room", remedy="make some")
        self.triggers.append((trigger, name, follows_iteration))
        return name or f"report-{len(self.triggers)}"


class Scene:
    """A target with a loop, and orders."""

    def __init__(self, folder: Path, loop: VirtualLoop, monkeypatch: pytest.MonkeyPatch) -> None:
        self.loop = loop
        monkeypatch.setattr("daemon.orders.time.monotonic", loop.time)
        config = parse(CONFIG.format(folder=folder), "a test")
        telemetry, self.spool = Telemetry("1.2.3"), opened_spool(folder / "spool")
        admission = self.admission = Admission(config, LimitsFile(folder / "limits.json"), self.spool)
        deliveries = Deliveries(config.sinks, self.spool, lambda sink, entry, delivery: None)
        self.captures = Begun(admission, self.spool, deliveries, telemetry)
        self.captures.triggers = []
        self.fleet = Fleet(config.targets, lambda target: None)
        self.target = self.fleet["demo"]
        self.target.held, self.target.possible = HeldAddress("127.0.0.1:1"), Possible(True, "ok")
        self.events = Events(self.fleet, self.captures, telemetry, lambda: None)
        self.orders = Orders(self.captures, admission, self.events, self.spool)

    def say(self, kind: EventKind, iteration: str) -> None:
        at_s = self.loop.time()
        event = Event(source="heartbeat", target="demo", kind=kind, at_s=at_s, iteration=iteration)
        self.events.take(event)

    def state(self, report_id: str) -> CaptureStatus:
        found = self.orders.status(report_id)
        assert found is not None
        return found


Play = Callable[[Callable[[Scene], Coroutine[object, object, None]]], None]


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Play:
    def played(what: Callable[[Scene], Coroutine[object, object, None]]) -> None:
        async def main(loop: VirtualLoop) -> None:
            scene = Scene(tmp_path, loop, monkeypatch)
            try:
                await what(scene)
            finally:
                scene.events.deadlines.stop()
                scene.spool.close()

        run(main)

    return played


def test_at_once_means_the_iteration_in_flight(play: Play) -> None:
    async def what(scene: Scene) -> None:
        scene.orders.now(scene.target)
        scene.say(EventKind.START, "17")
        scene.orders.now(scene.target)
        (before, _, _), (within, _, follows) = scene.captures.triggers
        assert (before.iteration, before.started_s) == (None, None)
        assert (within.iteration, within.started_s, follows) == ("17", scene.loop.time(), False)
        assert within.reason == "asked for by hand, within iteration 17"

    play(what)


def test_a_drill_is_of_no_iteration_and_says_what_it_is(play: Play) -> None:
    async def what(scene: Scene) -> None:
        scene.say(EventKind.START, "17")
        scene.orders.drill(scene.target)
        ((trigger, _, follows),) = scene.captures.triggers
        assert (trigger.plan, trigger.kind, trigger.iteration) == (PlanName.DRILL, TriggerKind.MANUAL, None)
        assert (trigger.reason, follows) == ("a drill, asked for by hand: nothing overran", False)

    play(what)


@pytest.mark.parametrize(
    ("one", "other", "takes_its_place"),
    [
        (PlanName.FULL, PlanName.DRILL, True),
        (PlanName.LIGHT, PlanName.DRILL, True),
        (PlanName.FULL, PlanName.LIGHT, True),
        (PlanName.DRILL, PlanName.LIGHT, False),
        (PlanName.LIGHT, PlanName.FULL, False),
        (PlanName.FULL, PlanName.FULL, False),
    ],
)
def test_what_counts_for_more_takes_the_place(one: PlanName, other: PlanName, takes_its_place: bool) -> None:
    assert one.outranks(other) is takes_its_place


def test_the_next_iteration_is_the_next_and_not_the_one_in_flight(play: Play) -> None:
    async def what(scene: Scene) -> None:
        scene.say(EventKind.START, "17")
        await asyncio.sleep(1)
        report_id = scene.orders.next_iteration(scene.target, 60.0)
        assert scene.state(report_id).state is State.WAITING
        await asyncio.sleep(9)
        assert scene.state(report_id).expires_in_s == 51
        scene.say(EventKind.END, "17")
        assert scene.captures.triggers == []
        await asyncio.sleep(5)
        scene.say(EventKind.START, "18")
        ((trigger, name, follows),) = scene.captures.triggers
        assert (name, trigger.iteration, follows) == (report_id, "18", True)
        assert trigger.reason == "asked for by hand, for the next iteration: iteration 18"
        scene.say(EventKind.END, "18")
        scene.say(EventKind.START, "19")
        assert len(scene.captures.triggers) == 1

    play(what)


def test_a_wait_is_bounded_and_says_so(play: Play) -> None:
    async def what(scene: Scene) -> None:
        report_id = scene.orders.next_iteration(scene.target, 60.0)
        with pytest.raises(RefusedError, match=f"{report_id} waits for the next iteration already"):
            scene.orders.next_iteration(scene.target, 60.0)
        assert [one.id for one in scene.orders.busy(scene.target)] == [report_id]
        await asyncio.sleep(61)
        over = scene.state(report_id)
        assert (over.state, over.why) == (State.EXPIRED, "no iteration began within 1m")
        scene.say(EventKind.START, "1")
        assert scene.captures.triggers == []
        assert not scene.orders.cancel(report_id)

    play(what)


def test_one_that_waits_can_be_cancelled(play: Play) -> None:
    async def what(scene: Scene) -> None:
        report_id = scene.orders.next_iteration(scene.target, 60.0)
        assert scene.orders.cancel(report_id)
        assert scene.state(report_id).state is State.CANCELLED
        scene.say(EventKind.START, "1")
        await asyncio.sleep(61)
        assert scene.state(report_id).state is State.CANCELLED
        assert scene.captures.triggers == []

    play(what)


def test_what_is_refused_when_its_iteration_begins_is_told(play: Play) -> None:
    async def what(scene: Scene) -> None:
        report_id = scene.orders.next_iteration(scene.target, 60.0)
        scene.captures.full = True
        scene.say(EventKind.START, "1")
        over = scene.state(report_id)
        assert (over.state, over.why, over.remedy) == (State.REFUSED, "spool_full: no room", "make some")

    play(what)


def test_an_iteration_that_another_capture_is_in_the_way_of_is_passed_over(play: Play) -> None:
    async def what(scene: Scene) -> None:
        report_id = scene.orders.next_iteration(scene.target, 60.0)
        await asyncio.sleep(1)
        scene.admission.running.add("another")
        scene.say(EventKind.START, "1")
        scene.say(EventKind.END, "1")
        said = scene.state(report_id)
        assert (said.state, said.why) == (
            State.WAITING,
            "passed over an iteration: busy: captures in progress: another",
        )
        scene.admission.done("another")
        await asyncio.sleep(1)
        scene.say(EventKind.START, "2")
        ((trigger, name, _),) = scene.captures.triggers
        assert (trigger.iteration, name) == ("2", report_id)

    play(what)


def test_one_that_found_no_free_iteration_expires_and_says_so(play: Play) -> None:
    async def what(scene: Scene) -> None:
        report_id = scene.orders.next_iteration(scene.target, 60.0)
        await asyncio.sleep(1)
        scene.admission.running.add("another")
        scene.say(EventKind.START, "1")
        await asyncio.sleep(60)
        over = scene.state(report_id)
        assert over.state is State.EXPIRED
        assert over.why.startswith("no iteration began within 1m; passed over an iteration: busy")
        assert scene.captures.triggers == []

    play(what)


def test_what_would_be_refused_in_any_case_does_not_wait(play: Play) -> None:
    async def what(scene: Scene) -> None:
        scene.target.held = None
        with pytest.raises(RefusedError) as refused:
            scene.orders.next_iteration(scene.target, 60.0)
        assert refused.value.reason == Refusal.NO_PROCESS

    play(what)


def test_what_is_over_is_remembered_up_to_a_bound(play: Play) -> None:
    async def what(scene: Scene) -> None:
        ids = []
        for _ in range(REMEMBERED + 1):
            ids.append(scene.orders.next_iteration(scene.target, 60.0))
            scene.orders.cancel(ids[-1])
        assert scene.orders.status(ids[0]) is None
        assert scene.state(ids[1]).state is State.CANCELLED

    play(what)


def test_a_new_configuration_that_makes_another_target_of_it_ends_no_wait(play: Play, tmp_path: Path) -> None:
    async def what(scene: Scene) -> None:
        report_id = scene.orders.next_iteration(scene.target, 60.0)
        other = CONFIG.format(folder=tmp_path).replace("none.pid", "other.pid")
        scene.fleet.reconfigure(parse(other, "a test").targets)
        assert scene.fleet["demo"] is not scene.target
        scene.say(EventKind.START, "1")
        assert [name for _, name, _ in scene.captures.triggers] == [report_id]

    play(what)
