"""Thresholds that follow what iterations take, and light captures before them, in any order of events."""

from collections.abc import Iterable
from math import ceil

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from daemon.watch.crowd import CrowdWatch
from daemon.watch.iterations import Ended, InFlight, Rules, Stray, Watch
from daemon.watch.recent import AdaptiveRules, Recent
from daemon.watch.sequence import LoopWatch
from model.events import Event, EventKind, PlanName, Trigger, TriggerKind

LIMIT_S, FLOOR_S, EARLY_S = 20.0, 2.0, 4.0
ADAPTIVE = AdaptiveRules(times=3.0, floor_s=FLOOR_S, last=5, needs=3)
RULES = Rules(
    mode="start_end",
    max_loop_time_s=LIMIT_S,
    first_loop_time_s=LIMIT_S,
    early_s=EARLY_S,
    adaptive=ADAPTIVE,
)
DURATIONS = st.lists(st.floats(0, 100), min_size=1, max_size=60)


def nearest_rank(values: Iterable[float], percent: float) -> float:
    ordered = sorted(values)
    return ordered[max(0, ceil(len(ordered) * percent / 100) - 1)]


@given(durations=DURATIONS, last=st.integers(1, 20), percent=st.sampled_from([50.0, 90.0, 99.0, 99.9]))
def test_what_is_usual_is_that_of_the_last_ones(durations: list[float], last: int, percent: float) -> None:
    recent = Recent(last)
    for place, duration_s in enumerate(durations):
        recent.add(duration_s)
        assert recent.percentile(percent) == nearest_rank(durations[: place + 1][-last:], percent)
    assert len(recent) == min(last, len(durations))
    assert recent.resized(3).percentile(percent) == nearest_rank(durations[-last:][-3:], percent)


class Adapting(RuleBasedStateMachine):
    """Iterations of any length, one after the other or side by side."""

    @initialize(concurrent=st.booleans())
    def begin(self, concurrent: bool) -> None:
        self.now_s, self.number = 1000.0, 0
        self.concurrent = concurrent
        rules = msgspec.structs.replace(RULES, concurrent=concurrent)
        kind = CrowdWatch if concurrent else LoopWatch
        self.watch: Watch = kind("scaler", "main", rules)
        self.watch.process_found(fresh=False)
        self.took: list[float] = []
        self.held: dict[str, float] = {}  # the threshold at its start, by name
        self.light: dict[str, int] = {}
        self.full: dict[str, int] = {}

    def _say(self, kind: EventKind, name: str) -> tuple[Ended | Stray, ...]:
        event = Event(source="test", target="scaler", kind=kind, at_s=self.now_s, iteration=name)
        return self.watch.take(event)

    def _expected_s(self) -> float:
        if len(self.took) < ADAPTIVE.needs:
            return LIMIT_S
        usual_s = nearest_rank(self.took[-ADAPTIVE.last :], 50)
        return min(LIMIT_S, max(FLOOR_S, 3 * usual_s))

    @rule(step_s=st.sampled_from([0.0, 0.25, 1.0, 3.0, 9.0, 30.0]))
    def wait(self, step_s: float) -> None:
        self.now_s += step_s

    @precondition(lambda self: self.concurrent or not self.held)
    @rule()
    def start(self) -> None:
        self.number += 1
        name = str(self.number)
        assert self._say(EventKind.START, name) == ()
        self.held[name], self.light[name], self.full[name] = self._expected_s(), 0, 0

    @precondition(lambda self: self.held)
    @rule(place=st.integers(0, 5))
    def end(self, place: int) -> None:
        name = list(self.held)[place % len(self.held)]
        (ended,) = self._say(EventKind.END, name)
        assert isinstance(ended, Ended)
        took_s = ended.ended_s - ended.started_s
        assert ended.overran == (took_s >= self.held[name] or self.full[name] > 0)
        assert ended.unseen == (took_s >= self.held[name] and not self.full[name])
        self.took.append(took_s)
        del self.held[name]

    @rule()
    def look(self) -> None:
        for trigger in iter(lambda: self.watch.fire(self.now_s), None):
            self._check(trigger)

    def _check(self, trigger: Trigger) -> None:
        name = str(trigger.iteration)
        assert trigger.threshold_s == self.held[name]
        assert trigger.age_s is not None
        if trigger.kind is TriggerKind.EARLY:
            assert (trigger.plan, self.light[name], self.full[name]) == (PlanName.LIGHT, 0, 0)
            assert EARLY_S <= trigger.age_s < self.held[name]
            self.light[name] += 1
            return
        assert (trigger.kind, trigger.plan) == (TriggerKind.OVERRUN, PlanName.FULL)
        self.full[name] += 1
        assert trigger.fired == self.full[name]
        assert trigger.age_s >= self.held[name]

    @rule()
    def adopt_the_same_again(self) -> None:
        """As at every reload: what is in flight is not held to what others took meanwhile."""
        before = self.watch.all_in_flight()
        self.watch.adopt(self.watch.rules)
        assert self.watch.all_in_flight() == before

    @invariant()
    def each_is_held_to_what_was_usual_at_its_start(self) -> None:
        held = {str(one.iteration): one.threshold_s for one in self.watch.all_in_flight()}
        assert held == self.held

    @invariant()
    def it_is_due_when_the_first_of_them_is(self) -> None:
        dues = [self._due_s(one) for one in self.watch.all_in_flight()]
        assert self.watch.due_s() == min(dues, default=None)

    def _due_s(self, one: InFlight) -> float:
        name = str(one.iteration)
        if self.held[name] > EARLY_S and not self.light[name] and not self.full[name]:
            return one.started_s + EARLY_S
        return one.started_s + self.held[name] * 2.0**one.level


TestAdapting = Adapting.TestCase
TestAdapting.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


def watching(**changes: object) -> LoopWatch:
    watch = LoopWatch("scaler", "main", msgspec.structs.replace(RULES, **changes))
    watch.process_found(fresh=False)
    return watch


def run(watch: LoopWatch, *durations_s: float) -> None:
    for place, duration_s in enumerate(durations_s):
        for kind, at_s in ((EventKind.START, 0.0), (EventKind.END, duration_s)):
            watch.take(Event(source="test", target="scaler", kind=kind, at_s=1000.0 * place + at_s))


def fired(watch: LoopWatch, at_s: float, after_s: float) -> Trigger:
    watch.take(Event(source="test", target="scaler", kind=EventKind.START, at_s=at_s))
    trigger = watch.fire(at_s + after_s)
    assert trigger is not None
    return trigger


def test_the_reason_names_what_is_usual_and_of_how_many() -> None:
    watch = watching(early_s=None)
    run(watch, 2.0, 2.0, 9.0)
    reason = fired(watch, 9000.0, 6.5).reason
    assert reason == "in flight for 6.5s, allowed are 6s (3 times the median of the last 3 iterations, 2s)"


def test_the_reason_says_where_the_floor_counts() -> None:
    adaptive = AdaptiveRules(percent=99.0, times=1.0, floor_s=FLOOR_S, last=5, needs=1)
    watch = watching(early_s=None, adaptive=adaptive)
    run(watch, 0.25)
    said = "allowed are 2s (the 99th percentile of the last 1 iterations, 250ms, and no less)"
    assert fired(watch, 9000.0, 2.0).reason == f"in flight for 2s, {said}"


def test_the_light_trigger_says_what_may_follow() -> None:
    trigger = fired(watching(adaptive=None), 9000.0, EARLY_S)
    assert trigger.reason == "in flight for 4s: a first look is due after 4s, an overrun at 20s"
    assert (trigger.fired, trigger.level, trigger.plan) == (0, 0, PlanName.LIGHT)


def test_who_looks_too_late_for_the_light_one_sees_the_overrun_only() -> None:
    watch = watching(adaptive=None)
    assert fired(watch, 9000.0, LIMIT_S).kind is TriggerKind.OVERRUN
    assert watch.fire(9000.0 + LIMIT_S) is None


def test_the_first_iteration_of_a_process_is_neither_usual_nor_looked_at_early() -> None:
    watch = LoopWatch("scaler", "main", msgspec.structs.replace(RULES, first_loop_time_s=600.0))
    watch.process_found(fresh=True)
    run(watch, 300.0)
    assert watch.fire(250.0) is None
    for place in range(3):
        at_s = 5000.0 + 100 * place
        watch.take(Event(source="test", target="scaler", kind=EventKind.START, at_s=at_s))
        watch.take(Event(source="test", target="scaler", kind=EventKind.END, at_s=at_s + 1.0))
    assert fired(watch, 9000.0, 3.0).threshold_s == 3.0
