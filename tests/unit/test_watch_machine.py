"""A loop's state under every order of events, held against a world that knows what really happened."""

from random import Random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from daemon.sources.contract import Mode
from daemon.watch.iterations import ACCEPTED, Ended, InFlight, Rules, Stray
from daemon.watch.sequence import LoopWatch
from model.events import Event, EventKind, Trigger

LIMIT_S, FIRST_S, PAUSE_S = 2.0, 16.0, 1.0
STEPS = st.sampled_from([0.0, 0.25, 1.0, 2.5, 7.0, 40.0])
MODES: tuple[Mode, ...] = ("start_end", "start", "end", "beat")


@pytest.mark.fault("D4")
class Told(RuleBasedStateMachine):
    """Any events at all: names or none, early, late, twice, of another mode's making."""

    @initialize(mode=st.sampled_from(MODES), first_s=st.sampled_from([LIMIT_S, FIRST_S]))
    def begin(self, mode: Mode, first_s: float) -> None:
        self.now_s = 1000.0
        pause_s = 0.0 if mode == "start_end" else PAUSE_S
        self.rules = Rules(
            mode=mode, max_loop_time_s=LIMIT_S, first_loop_time_s=first_s, idle_allowance_s=pause_s
        )
        self.watch = LoopWatch("scaler", "main", self.rules)
        self.ended: set[str] = set()  # names whose end was taken
        self.first_over = False
        self.fired: set[int] = set()  # levels of the iteration in flight

    @rule(step_s=STEPS)
    def wait(self, step_s: float) -> None:
        self.now_s += step_s

    @rule(
        kind=st.sampled_from(EventKind),
        late_s=st.sampled_from([0.0, 0.0, 0.0, 0.5, 3.0]),
        name=st.none() | st.integers(1, 6).map(str),
        told_s=st.none() | st.sampled_from([0.0, 1.0, 5.0]),
    )
    def say(self, kind: EventKind, late_s: float, name: str | None, told_s: float | None) -> None:
        if kind not in ACCEPTED[self.rules.mode]:
            return
        before, at_s = self.watch.in_flight, self.now_s - late_s
        if kind is not EventKind.END:
            told_s = None
        event = Event(source="test", target="scaler", kind=kind, at_s=at_s, iteration=name, duration_s=told_s)
        happened = self.watch.take(event)
        assert len(happened) <= 1
        for one in happened:
            if isinstance(one, Ended):
                self._check_end(one, before, event)
            elif one is Stray.LOST_END:
                assert self.watch.in_flight is not before
            else:
                assert self.watch.in_flight is before
        if self.watch.in_flight is not before:
            self.fired.clear()
        self._note(kind, name, happened)
        if before is not None and self.watch.in_flight is not None:
            assert self.watch.in_flight.started_s >= before.started_s  # nothing late sets the clock back

    def _check_end(self, one: Ended, before: InFlight | None, event: Event) -> None:
        if before is None:  # only an end that tells its duration needs no start
            assert (self.rules.mode, one.started_s) == ("end", event.at_s - (event.duration_s or 0.0))
            return
        told_s = event.duration_s
        assert one.ended_s == max(event.at_s, before.started_s)
        assert one.started_s == (before.started_s if told_s is None else one.ended_s - told_s)
        if told_s is None and self.rules.mode == "start" and event.kind is EventKind.END:
            told_s = one.ended_s - before.started_s
        if told_s is None:
            late = one.ended_s >= before.due_s(self.rules)
            assert one.overran == (late or before.fired > 0)
        else:
            late = told_s >= before.threshold_s
            assert one.overran == late
        assert one.unseen == (before.fired == 0 and late)

    def _note(self, kind: EventKind, name: str | None, happened: tuple[Ended | Stray, ...]) -> None:
        over = {Stray.LOST_END, Stray.END_WITHOUT_START}
        turned = kind is EventKind.END and self.rules.mode == "end" and happened != (Stray.STALE_END,)
        if turned or any(isinstance(one, Ended) or one in over for one in happened):
            self.first_over = True
        if kind is EventKind.END and name is not None:
            self.ended.add(name)

    @rule()
    def look(self) -> None:
        before, due_s = self.watch.in_flight, self.watch.due_s()
        trigger = self.watch.fire(self.now_s)
        if before is None or due_s is None or self.now_s < due_s:
            assert trigger is None  # never without an iteration, never before it is due
            return
        assert trigger is not None
        self._check(trigger)

    def _check(self, trigger: Trigger) -> None:
        assert trigger.threshold_s is not None
        assert trigger.started_s is not None
        assert trigger.iteration not in self.ended
        assert trigger.level not in self.fired
        self.fired.add(trigger.level)
        age_s = self.now_s - trigger.started_s - self.rules.idle_allowance_s
        reached = trigger.threshold_s * 2.0**trigger.level
        assert reached <= age_s < 2 * reached
        assert self.watch.due_s() == trigger.started_s + 2 * reached + self.rules.idle_allowance_s

    @rule(fresh=st.booleans())
    def find(self, fresh: bool) -> None:
        self.watch.process_found(fresh=fresh)
        self.first_over = self.first_over or not fresh

    @precondition(lambda self: self.watch.iterations > 2)
    @rule()
    def restart(self) -> None:
        self.watch.process_gone()
        self.ended.clear()
        self.first_over = False
        assert self.watch.due_s() is None

    @invariant()
    def the_threshold_is_the_right_one(self) -> None:
        current = self.watch.in_flight
        if current is None:
            assert self.watch.due_s() is None
            return
        if not self.first_over:
            assert current.threshold_s == self.rules.first_loop_time_s
        elif current.threshold_s != self.rules.max_loop_time_s:
            raise AssertionError("an iteration that is not the first was given the first one's time")

    @invariant()
    def standby_means_that_nothing_is_due(self) -> None:
        assert not (self.watch.idle and self.watch.in_flight is not None)


@pytest.mark.fault("D4")
class Truth(RuleBasedStateMachine):
    """A loop that names its iterations and runs them one after the other.

    Some of its words get lost, come twice or overtake each other, yet all that are heard are heard in time.
    """

    @initialize()
    def begin(self) -> None:
        self.now_s = 1000.0
        self.number = 0
        self.running = self.heard = False  # whether an iteration runs, and whether its start was said
        self.started_s = 0.0
        self.told: set[str] = set()  # iterations whose end was said
        self.on_the_way: list[Event] = []
        rules = Rules(mode="start_end", max_loop_time_s=LIMIT_S, first_loop_time_s=LIMIT_S)
        self.watch = LoopWatch("scaler", "main", rules)
        self.levels: set[tuple[str | None, int]] = set()

    @rule(times=st.integers(0, 2))
    def turn(self, times: int) -> None:
        """Start an iteration or end it, and say so once, twice or not at all."""
        self.now_s += 0.001
        self.running = not self.running
        if self.running:
            self.number, self.started_s, self.heard = self.number + 1, self.now_s, times > 0
        elif times:
            self.told.add(str(self.number))
        event = Event(
            source="test",
            target="scaler",
            kind=EventKind.START if self.running else EventKind.END,
            at_s=self.now_s,
            iteration=str(self.number),
        )
        self.on_the_way += [event] * times

    @rule(random=st.randoms(use_true_random=False))
    def overtake(self, random: Random) -> None:
        random.shuffle(self.on_the_way)

    @rule(step_s=STEPS)
    def hear_and_wait(self, step_s: float) -> None:
        while self.on_the_way:
            self.watch.take(self.on_the_way.pop(0))
        self._check_in_flight()
        self.now_s += step_s
        if trigger := self.watch.fire(self.now_s):
            self._check(trigger)

    def _check_in_flight(self) -> None:
        current = self.watch.in_flight
        if self.running and self.heard:
            assert current is not None
            assert (current.iteration, current.started_s) == (str(self.number), self.started_s)
        if current is not None:
            assert current.iteration not in self.told

    def _check(self, trigger: Trigger) -> None:
        assert (trigger.iteration, trigger.level) not in self.levels
        self.levels.add((trigger.iteration, trigger.level))
        assert trigger.started_s is not None
        assert self.now_s - trigger.started_s >= LIMIT_S * 2.0**trigger.level
        assert trigger.iteration not in self.told


TestTold = Told.TestCase
TestTruth = Truth.TestCase
TestTold.settings = TestTruth.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
