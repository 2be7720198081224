"""What watches of loops have in common: their rules, an iteration in flight, and how it ends. Pure."""

from enum import StrEnum
from typing import Protocol

import msgspec

from daemon.sources.contract import Mode
from daemon.watch.recent import AdaptiveRules
from model.events import Certainty, Event, EventKind, PlanName, Trigger, TriggerKind
from model.units import Seconds

ACCEPTED: dict[Mode, frozenset[EventKind]] = {
    "start_end": frozenset({EventKind.START, EventKind.END, EventKind.IDLE}),
    "start": frozenset({EventKind.START, EventKind.END, EventKind.IDLE}),  # some loops tell some ends
    "end": frozenset({EventKind.END, EventKind.IDLE}),
    "beat": frozenset({EventKind.BEAT, EventKind.IDLE}),
}


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """When an iteration of this loop is too old."""

    mode: Mode
    max_loop_time_s: float
    first_loop_time_s: float
    idle_allowance_s: float = 0.0  # the pause between iterations that no event marks
    concurrent: bool = False  # iterations run side by side
    lag_s: float = 0.0  # so much later than it happened an event may come
    remembers: bool = False  # the target tells also what went on while it was not heard
    early_s: float | None = None  # at this age a light capture is wanted
    adaptive: AdaptiveRules | None = None  # how the threshold follows what iterations usually take

    @property
    def certainty(self) -> Certainty:
        """Whether an overrun is seen or follows from silence."""
        return Certainty.CERTAIN if self.mode == "start_end" else Certainty.INFERRED


class Stray(StrEnum):
    """Why an event changed nothing, or what it shows to be lost."""

    DUPLICATE_START = "duplicate_start"
    LATE_START = "late_start"  # its end, or a later iteration, came first
    LOST_END = "lost_end"  # a start while another iteration was in flight
    END_WITHOUT_START = "end_without_start"
    STALE_END = "stale_end"  # of an iteration that is not the one in flight
    STALE_IDLE = "stale_idle"  # older than the iteration in flight


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """An iteration ended. `unseen`: it had overrun, but ended before it was due to be looked at."""

    iteration: str | None
    started_s: float
    ended_s: float
    overran: bool
    unseen: bool
    threshold_s: float = 0.0  # that it was held to
    whole: bool = True  # seen from its start to its end, by a source that heard all the while

    @property
    def healthy(self) -> bool:
        """Whether its duration tells what iterations usually take."""
        return self.whole and not self.overran and not self.unseen


class Threshold(msgspec.Struct, frozen=True, kw_only=True):
    """What one iteration is held to."""

    time_s: float
    early_s: float | None = None  # at this age a light capture is wanted
    usual_s: float | None = None  # what iterations usually take, where the threshold follows from it
    seen: int = 0  # of how many

    def says(self, adaptive: AdaptiveRules | None) -> str:
        """How long it is, and where it comes from."""
        allowed = f"{Seconds(self.time_s)}"
        if adaptive is None or self.usual_s is None:
            return allowed
        floor = "" if self.time_s > adaptive.floor_s else ", and no less"
        return f"{allowed} ({adaptive} of the last {self.seen} iterations, {Seconds(self.usual_s)}{floor})"


class InFlight(msgspec.Struct, frozen=True, kw_only=True):
    """An iteration that runs now."""

    iteration: str | None
    started_s: float
    threshold: Threshold
    level: int = 0
    fired: int = 0
    early: bool = False  # it has fired for a light capture, or was too old for one
    whole: bool = True  # it was seen from its start

    @property
    def threshold_s(self) -> float:
        """After how long it has overrun."""
        return self.threshold.time_s

    def overruns_s(self, rules: Rules) -> float:
        """When its next overrun is due, in monotonic seconds."""
        allowed_s = self.threshold_s * 2.0**self.level + rules.idle_allowance_s
        return self.started_s + allowed_s + rules.lag_s

    def due_s(self, rules: Rules) -> float:
        """When it fires next, in monotonic seconds."""
        if self.early or self.threshold.early_s is None:
            return self.overruns_s(rules)
        return self.started_s + self.threshold.early_s + rules.idle_allowance_s + rules.lag_s

    def fire(self, rules: Rules, target: str, loop: str, now_s: float) -> "tuple[InFlight, Trigger]":
        """It fires; the next is due at the next power of two of its threshold that it has not reached."""
        current = msgspec.structs.replace(self, early=True)
        while current.overruns_s(rules) <= now_s:
            current = msgspec.structs.replace(current, level=current.level + 1)
        overran = current.level > self.level
        current = msgspec.structs.replace(current, fired=self.fired + overran)
        trigger = Trigger(
            target=target,
            loop=loop,
            iteration=self.iteration,
            kind=TriggerKind.OVERRUN if overran else TriggerKind.EARLY,
            reason=self._reason(rules, now_s) if overran else self._on_its_way(rules, now_s),
            at_s=now_s,
            plan=PlanName.FULL if overran else PlanName.LIGHT,
            level=max(0, current.level - 1),
            fired=current.fired,
            started_s=self.started_s,
            threshold_s=self.threshold_s,
            certainty=rules.certainty,
        )
        return current, trigger

    def held_to(self, threshold: Threshold) -> "InFlight":
        """Under another threshold; what it has fired at the old one says nothing of the new one."""
        if threshold.time_s == self.threshold_s:
            return self
        return msgspec.structs.replace(self, threshold=threshold, level=0)

    def counted_from(self, at_s: float) -> "InFlight":
        """As if it had not started before this: of what was before, nobody can tell."""
        if self.started_s >= at_s:
            return self
        return msgspec.structs.replace(self, started_s=at_s, level=0, whole=False)

    def end(self, rules: Rules, at_s: float, duration_s: float | None) -> Ended:
        """Its end; a duration that was told is truer than what was seen of its start, or inferred."""
        ended_s = max(at_s, self.started_s)
        if duration_s is None:
            started_s, late = self.started_s, ended_s >= self.overruns_s(rules)
            overran = late or self.fired > 0
        else:  # without the pause, which no duration holds
            started_s, late = ended_s - duration_s, duration_s >= self.threshold_s
            overran = late
        return Ended(
            iteration=self.iteration,
            started_s=started_s,
            ended_s=ended_s,
            overran=overran,
            unseen=late and self.fired == 0,
            threshold_s=self.threshold_s,
            whole=self.whole or (duration_s is not None and rules.mode != "start"),  # there, it may be ours
        )

    def _reason(self, rules: Rules, now_s: float) -> str:
        age, limit = Seconds(now_s - self.started_s), self.threshold.says(rules.adaptive)
        if rules.certainty is Certainty.CERTAIN:
            return f"in flight for {age}, allowed are {limit}"
        return f"silent for {age}, allowed are {limit} and {Seconds(rules.idle_allowance_s)} of pause"

    def _on_its_way(self, rules: Rules, now_s: float) -> str:
        state = "in flight" if rules.certainty is Certainty.CERTAIN else "silent"
        age, early = Seconds(now_s - self.started_s), Seconds(self.threshold.early_s or 0.0)
        return (
            f"{state} for {age}: a first look is due after {early}, an overrun at {Seconds(self.threshold_s)}"
        )


class Watch(Protocol):
    """The state of one loop: events in, happenings out, and when it overruns. It reads no clock."""

    target: str
    rules: Rules
    iterations: int
    idle: bool

    @property
    def in_flight(self) -> InFlight | None:
        """The iteration that runs now, the oldest of several."""

    def all_in_flight(self) -> tuple[InFlight, ...]:
        """All that run now, the oldest first."""

    def next_threshold(self) -> Threshold:
        """What an iteration that starts now would be held to."""

    def take(self, event: Event) -> tuple[Ended | Stray, ...]:
        """Take one event and say what followed from it."""

    def due_s(self) -> float | None:
        """When an iteration in flight fires next, in monotonic seconds."""

    def fire(self, now_s: float) -> Trigger | None:
        """One trigger that is due, if any is; call it again for the next."""

    def process_gone(self) -> None:
        """Drop what is in flight and all names: the process that ran them is gone."""

    def process_found(self, *, fresh: bool) -> None:
        """A process is there; unless it is `fresh`, its first iteration was long ago."""

    def adopt(self, rules: Rules) -> None:
        """Go on under other rules; iterations in flight are held to the new threshold."""

    def heard_again(self, at_s: float) -> None:
        """Nothing was heard until now; ends may be missing, so what is in flight counts from now on."""
