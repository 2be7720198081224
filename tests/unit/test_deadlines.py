import asyncio

import pytest

from daemon.watch.crowd import CrowdWatch
from daemon.watch.deadlines import OBSERVER_PAUSED, PAUSED_S, SETTLE_S, Deadlines
from daemon.watch.iterations import Rules, Watch
from daemon.watch.sequence import LoopWatch
from model.events import Event, EventKind, Trigger
from tests.virtual_time import STARTS_S, VirtualLoop, run

LIMIT_S = 2.0


class Scene:
    """Some loops under one timer."""

    def __init__(self, loop: VirtualLoop, *limits_s: float) -> None:
        self.loop = loop
        self.watches: list[Watch] = [
            LoopWatch(f"t{n}", "main", Rules(mode="start_end", max_loop_time_s=s, first_loop_time_s=s))
            for n, s in enumerate(limits_s)
        ]
        self.fired: list[tuple[float, str, tuple[str, ...]]] = []
        self.triggers: list[Trigger] = []
        self.late_s: list[float] = []
        self.deadlines = Deadlines(lambda: self.watches, self._fire, self.late_s.append)

    def say(
        self, kind: EventKind, number: int = 0, at_s: float | None = None, name: str | None = None
    ) -> None:
        watch = self.watches[number]
        at_s = self.loop.time() if at_s is None else at_s
        watch.take(Event(source="test", target=watch.target, kind=kind, at_s=at_s, iteration=name))
        self.deadlines.changed(watch.due_s())

    def say_at(self, after_s: float, kind: EventKind, number: int = 0) -> None:
        self.loop.call_later(after_s, self.say, kind, number)

    def _fire(self, trigger: Trigger, notes: tuple[str, ...]) -> None:
        self.fired.append((round(self.loop.time() - STARTS_S, 3), trigger.target, notes))
        self.triggers.append(trigger)

    @property
    def timers(self) -> int:
        """Timers that are set, of ours and any other."""
        return sum(not timer.cancelled() for timer in self.loop._scheduled)  # type: ignore[attr-defined]


def test_an_overrun_fires_at_its_deadline_and_again_at_twice_the_age() -> None:
    async def main(loop: VirtualLoop) -> Scene:
        scene = Scene(loop, LIMIT_S)
        scene.say(EventKind.START)
        await asyncio.sleep(10)
        return scene

    scene = run(main)
    assert scene.fired == [(2.0, "t0", ()), (4.0, "t0", ()), (8.0, "t0", ())]
    assert max(scene.late_s) < 0.001


def test_an_iteration_that_ends_in_time_does_not_fire() -> None:
    async def main(loop: VirtualLoop) -> Scene:
        scene = Scene(loop, LIMIT_S)
        scene.say(EventKind.START)
        scene.say_at(1.999, EventKind.END)
        await asyncio.sleep(60)
        return scene

    assert run(main).fired == []


def test_many_loops_share_one_timer() -> None:
    async def main(loop: VirtualLoop) -> Scene:
        scene = Scene(loop, 9.0, 3.0, 6.0)
        for number in range(3):
            scene.say(EventKind.START, number)
            assert scene.timers == 1
        await asyncio.sleep(1)
        assert scene.timers == 1
        scene.say(EventKind.END, 1)
        await asyncio.sleep(9)
        assert scene.timers == 1
        return scene

    assert [(at_s, name) for at_s, name, _ in run(main).fired] == [(6.0, "t2"), (9.0, "t0")]


def test_of_several_that_are_due_the_oldest_fires_first() -> None:
    async def main(loop: VirtualLoop) -> Scene:
        scene = Scene(loop, 5.0, 5.0, 5.0)
        for number, ago_s in enumerate([0.1, 0.15, 0.05]):
            scene.say(EventKind.START, number, loop.time() - ago_s)
        loop.call_later(4.8, loop.jump, 0.2)  # all have become due when the timer runs
        await asyncio.sleep(5.2)
        return scene

    fired = run(main).fired
    assert [name for _, name, _ in fired] == ["t1", "t0", "t2"]
    assert {notes for _, _, notes in fired} == {()}


def test_a_deadline_that_was_moved_into_the_past_fires_at_once_and_is_not_our_lateness() -> None:
    async def main(loop: VirtualLoop) -> Scene:
        scene = Scene(loop, 1000.0)
        scene.say(EventKind.START)
        await asyncio.sleep(100)
        (watch,) = scene.watches
        watch.adopt(Rules(mode="start_end", max_loop_time_s=30.0, first_loop_time_s=30.0))
        scene.deadlines.changed(watch.due_s())
        await asyncio.sleep(0.01)
        return scene

    scene = run(main)
    assert scene.fired == [(100.0, "t0", ())]
    assert max(scene.late_s) < 0.001


def paused(limit_s: float, pause_s: float, *, said: EventKind | None = None) -> Scene:
    """A start at 0, a pause of ours from 1 s on, and an event that waits in a socket meanwhile."""

    async def main(loop: VirtualLoop) -> Scene:
        scene = Scene(loop, limit_s)
        scene.say(EventKind.START)
        await asyncio.sleep(1)
        if said is not None:  # read from its socket only after the timers, as by a handler of a request
            loop.call_later(pause_s + 0.05, scene.say, said)
        loop.jump(pause_s)
        await asyncio.sleep(0.9)
        return scene

    return run(main)


@pytest.mark.fault("D2")
def test_after_a_pause_of_ours_what_is_still_overdue_fires_with_a_note() -> None:
    scene = paused(LIMIT_S, 5.0)
    assert scene.fired == [(6.0 + SETTLE_S, "t0", (OBSERVER_PAUSED,))]
    assert max(scene.late_s) == pytest.approx(4.0)


@pytest.mark.fault("D2")
def test_after_a_pause_of_ours_an_end_that_had_arrived_is_heard_first() -> None:
    assert paused(LIMIT_S, 5.0, said=EventKind.END).fired == []


@pytest.mark.fault("D2")
def test_after_a_pause_of_ours_a_repeated_event_cannot_hurry_the_verdict() -> None:
    async def main(loop: VirtualLoop) -> Scene:
        scene = Scene(loop, LIMIT_S)
        scene.say(EventKind.START)
        await asyncio.sleep(1)
        loop.call_later(5.05, lambda: scene.deadlines.changed(scene.watches[0].due_s()))
        loop.call_later(5.1, scene.say, EventKind.END)
        loop.jump(5)
        await asyncio.sleep(0.9)
        return scene

    assert run(main).fired == []


def test_a_short_delay_of_ours_is_settled_without_a_note() -> None:
    assert paused(LIMIT_S, 1.0 + SETTLE_S + 0.1, said=EventKind.END).fired == []
    scene = paused(LIMIT_S, 1.0 + SETTLE_S + 0.1)
    ((_, name, notes),) = scene.fired
    assert (name, notes) == ("t0", ())
    assert max(scene.late_s) < PAUSED_S


def test_the_note_is_for_what_the_pause_touched_only() -> None:
    async def main(loop: VirtualLoop) -> Scene:
        scene = Scene(loop, LIMIT_S)
        scene.say(EventKind.START)
        loop.jump(5)
        await asyncio.sleep(10)
        return scene

    fired = run(main).fired
    assert [notes for _, _, notes in fired] == [(OBSERVER_PAUSED,), ()]


def test_a_pause_that_the_ticker_saw_is_settled_too() -> None:
    async def main(loop: VirtualLoop) -> Scene:
        scene = Scene(loop, LIMIT_S, 1.9)
        scene.say(EventKind.START)
        await asyncio.sleep(1.95)
        scene.deadlines.paused()
        scene.say(EventKind.START, 1, loop.time() - 1.89)  # due in a moment, yet it must not hurry the rest
        await asyncio.sleep(0.1)
        assert scene.fired == []
        scene.say(EventKind.END)
        await asyncio.sleep(0.5)
        return scene

    ((_, name, notes),) = run(main).fired
    assert (name, notes) == ("t1", (OBSERVER_PAUSED,))


def test_once_stopped_nothing_fires_whatever_arrives() -> None:
    async def main(loop: VirtualLoop) -> Scene:
        scene = Scene(loop, LIMIT_S, LIMIT_S)
        scene.say(EventKind.START)
        scene.deadlines.stop()
        scene.say(EventKind.START, 1)
        scene.deadlines.paused()
        await asyncio.sleep(60)
        return scene

    assert run(main).fired == []


@pytest.mark.fault("D2")
def test_after_a_pause_of_ours_all_that_is_overdue_of_a_crowd_fires_at_once_and_with_the_note() -> None:
    rules = Rules(mode="start_end", max_loop_time_s=LIMIT_S, first_loop_time_s=LIMIT_S, concurrent=True)

    async def main(loop: VirtualLoop) -> Scene:
        scene = Scene(loop)
        scene.watches.append(CrowdWatch("t0", "main", rules))
        for name in "abc":
            scene.say(EventKind.START, name=name)
        loop.jump(5)
        await asyncio.sleep(0.9)
        return scene

    scene = run(main)
    assert [trigger.iteration for trigger in scene.triggers] == ["a", "b", "c"]
    assert {notes for _, _, notes in scene.fired} == {(OBSERVER_PAUSED,)}
