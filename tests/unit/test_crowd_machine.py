"""A crowd under every order of events, held against a plain list of what runs."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from daemon.watch.crowd import CrowdWatch
from daemon.watch.iterations import Ended, Rules, Stray
from model.events import Event, EventKind, Trigger

LIMIT_S = 2.0
NAMES = st.integers(1, 5).map(str)
STEPS = st.sampled_from([0.0, 0.25, 1.0, 2.5, 7.0, 40.0])


@pytest.mark.fault("D4")
class Crowd(RuleBasedStateMachine):
    """Named iterations that start and end side by side; some words come twice, late, or not at all."""

    @initialize()
    def begin(self) -> None:
        self.now_s = 1000.0
        self.limit_s = LIMIT_S
        self.running: dict[str, float] = {}  # started, by name
        self.levels: dict[str, list[int]] = {}  # fired under the present rules
        self.fired: dict[str, int] = {}
        self.ends_s: dict[str, float] = {}
        self.over = 0
        self.watch = CrowdWatch("operator", "main", self._rules())

    def _rules(self) -> Rules:
        return Rules(
            mode="start_end", max_loop_time_s=self.limit_s, first_loop_time_s=self.limit_s, concurrent=True
        )

    def _say(
        self, kind: EventKind, name: str | None, at_s: float, took_s: float | None = None
    ) -> tuple[Ended | Stray, ...]:
        event = Event(
            source="log", target="operator", kind=kind, at_s=at_s, iteration=name, duration_s=took_s
        )
        return self.watch.take(event)

    @rule(step_s=STEPS)
    def wait(self, step_s: float) -> None:
        self.now_s += step_s

    @rule(name=NAMES, late_s=st.sampled_from([0.0, 0.0, 0.5, 3.0]))
    def start(self, name: str, late_s: float) -> None:
        at_s = self.now_s - late_s
        happened = self._say(EventKind.START, name, at_s)
        if name in self.running:
            assert happened == (Stray.DUPLICATE_START,)
        elif at_s < self.ends_s.get(name, 0.0):
            assert happened == (Stray.LATE_START,)
        else:
            assert happened == ()
            self.running[name], self.levels[name], self.fired[name] = at_s, [], 0

    @rule(name=NAMES, took_s=st.none() | st.sampled_from([0.0, 1.0, 9.0]))
    def end(self, name: str, took_s: float | None) -> None:
        happened = self._say(EventKind.END, name, self.now_s, took_s)
        self.ends_s[name] = self.now_s
        if name not in self.running:
            assert happened == (Stray.END_WITHOUT_START,)
            return
        (ended,) = happened
        assert isinstance(ended, Ended)
        self._check_end(ended, name, took_s)

    def _check_end(self, ended: Ended, name: str, took_s: float | None) -> None:
        started_s, fired = self.running.pop(name), self.fired[name] > 0
        age_s = self.now_s - started_s
        del self.levels[name]
        assert (ended.iteration, ended.ended_s) == (name, self.now_s)
        assert ended.started_s == (started_s if took_s is None else self.now_s - took_s)
        late = (age_s if took_s is None else took_s) >= self.limit_s
        assert ended.overran == (late or (fired and took_s is None))
        assert ended.unseen == (late and not fired)
        self.over += 1

    @rule(early_s=st.sampled_from([0.0, 0.5]))
    def idle(self, early_s: float) -> None:
        at_s = self.now_s - early_s
        spared = {name: at for name, at in self.running.items() if at > at_s}
        happened = self._say(EventKind.IDLE, None, at_s)
        ended = [one.iteration for one in happened if isinstance(one, Ended)]
        assert sorted(filter(None, ended)) == sorted(self.running.keys() - spared.keys())
        assert (happened == (Stray.STALE_IDLE,)) == (bool(spared) and not ended)
        self.over += len(ended)
        self.running = spared
        assert self.watch.idle == (not spared)

    @rule()
    def look(self) -> None:
        due = {name for name in self.running if self._due_s(name) <= self.now_s}
        fired = list(iter(lambda: self.watch.fire(self.now_s), None))
        assert sorted(str(one.iteration) for one in fired) == sorted(due)  # each that is due, and once
        for trigger in fired:
            self._check(trigger)

    def _check(self, trigger: Trigger) -> None:
        name = str(trigger.iteration)
        assert trigger.started_s == self.running[name]
        self.fired[name] += 1
        assert trigger.fired == self.fired[name]
        age_s, reached_s = self.now_s - self.running[name], self.limit_s * 2.0**trigger.level
        assert reached_s <= age_s < 2 * reached_s
        assert trigger.level not in self.levels[name]
        self.levels[name].append(trigger.level)

    def _due_s(self, name: str) -> float:
        return self.running[name] + self.limit_s * 2.0 ** (max(self.levels[name], default=-1) + 1)

    @rule(limit_s=st.sampled_from([LIMIT_S, LIMIT_S, 5.0]))
    def adopt(self, limit_s: float) -> None:
        self.limit_s, before_s = limit_s, self.limit_s
        self.watch.adopt(self._rules())
        if limit_s != before_s:
            for name in self.levels:
                self.levels[name] = []

    @rule()
    def restart(self) -> None:
        self.watch.process_gone()
        self.running.clear()
        self.levels.clear()
        self.ends_s.clear()
        self.over = 0

    @invariant()
    def it_is_due_when_the_first_of_them_is(self) -> None:
        dues = [self._due_s(name) for name in self.running]
        assert self.watch.due_s() == min(dues, default=None)

    @invariant()
    def the_oldest_is_in_flight(self) -> None:
        oldest = self.watch.in_flight
        assert (oldest.started_s if oldest else None) == min(self.running.values(), default=None)
        assert self.watch.iterations == self.over
        assert not (self.watch.idle and self.running)


TestCrowd = Crowd.TestCase
TestCrowd.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
