"""The state of one loop, pure: events in, happenings out, and when it overruns. It reads no clock."""

from collections import deque
from enum import StrEnum

import msgspec

from daemon.config.settings import Mode
from model.events import Certainty, Event, EventKind, Trigger, TriggerKind
from model.units import Seconds

REMEMBERED_ENDS = 64

ACCEPTED: dict[Mode, frozenset[EventKind]] = {
    "start_end": frozenset({EventKind.START, EventKind.END, EventKind.IDLE}),
    "start": frozenset({EventKind.START, EventKind.IDLE}),
    "end": frozenset({EventKind.END, EventKind.IDLE}),
    "beat": frozenset({EventKind.BEAT, EventKind.IDLE}),
}


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """When an iteration of this loop is too old."""

    mode: Mode
    max_loop_time_s: float
    first_loop_time_s: float
    idle_allowance_s: float = 0.0  # the pause between iterations that no event marks

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


class InFlight(msgspec.Struct, frozen=True, kw_only=True):
    """The iteration that runs now."""

    iteration: str | None
    started_s: float
    threshold_s: float
    level: int = 0
    fired: int = 0


class LoopWatch:
    """Follows one loop. Iterations are sequential: a start ends what was in flight."""

    def __init__(self, target: str, loop: str, rules: Rules) -> None:
        self.target = target
        self.loop = loop
        self.rules = rules
        self.in_flight: InFlight | None = None
        self.iterations = 0
        self.idle = False
        self._first = True
        self._ended_ids: deque[str] = deque(maxlen=REMEMBERED_ENDS)
        self._none_before_s = float("-inf")  # what began earlier than this is over

    def take(self, event: Event) -> tuple[Ended | Stray, ...]:
        """Take one event and say what followed from it."""
        match event.kind:
            case EventKind.IDLE:
                return self._rest(event)
            case EventKind.END if self.rules.mode == "start_end":
                return self._end(event)
            case EventKind.END:
                return self._turn(event)
            case _:
                return self._start(event)

    def due_s(self) -> float | None:
        """When the iteration in flight fires next, in monotonic seconds."""
        if self.in_flight is None:
            return None
        age_s = self.in_flight.threshold_s * 2.0**self.in_flight.level
        return self.in_flight.started_s + age_s + self.rules.idle_allowance_s

    def fire(self, now_s: float) -> Trigger | None:
        """The trigger that is due, if one is; the next is due at the next power of two it has not reached."""
        current, due_s = self.in_flight, self.due_s()
        if current is None or due_s is None or now_s < due_s:
            return None
        level = current.level
        while (due_s := self.due_s()) is not None and due_s <= now_s:
            level = current.level
            current = self.in_flight = msgspec.structs.replace(current, level=level + 1)
        current = self.in_flight = msgspec.structs.replace(current, fired=current.fired + 1)
        return Trigger(
            target=self.target,
            loop=self.loop,
            iteration=current.iteration,
            kind=TriggerKind.OVERRUN,
            reason=self._reason(current, now_s),
            at_s=now_s,
            level=level,
            started_s=current.started_s,
            threshold_s=current.threshold_s,
            certainty=self.rules.certainty,
        )

    def process_gone(self) -> None:
        """Drop the iteration in flight and all names: the process that ran them is gone."""
        self.in_flight = None
        self.idle = False
        self.iterations = 0
        self._first = True
        self._ended_ids.clear()
        self._none_before_s = float("-inf")

    def process_found(self, *, fresh: bool) -> None:
        """A process is there; unless it is `fresh`, its first iteration was long ago."""
        self._first = self._first and fresh
        self.adopt(self.rules)

    def adopt(self, rules: Rules) -> None:
        """Go on under other rules; an iteration in flight is held to the new threshold."""
        self.rules = rules
        if self.in_flight is not None:
            self.in_flight = msgspec.structs.replace(self.in_flight, threshold_s=self._threshold_s())

    def _start(self, event: Event) -> tuple[Ended | Stray, ...]:
        """A start or a beat: ends what is in flight, and begins the next."""
        current = self.in_flight
        if event.iteration is not None and current is not None and current.iteration == event.iteration:
            return (Stray.DUPLICATE_START,)
        if event.iteration in self._ended_ids or event.at_s < self._none_before_s:
            self._remember(event.iteration)
            return (Stray.LATE_START,)
        followed: tuple[Ended | Stray, ...]
        if self.rules.mode != "start_end":
            followed = self._finish(event.at_s)
        elif current is not None:
            self._over(current.iteration)
            followed = (Stray.LOST_END,)
        else:
            followed = ()
        self._begin(event.at_s, event.iteration)
        return followed

    def _end(self, event: Event) -> tuple[Ended | Stray, ...]:
        """An end where starts are told, too."""
        current, known = self.in_flight, event.iteration in self._ended_ids
        if event.iteration is None:
            self._none_before_s = max(self._none_before_s, event.at_s)
        if current is not None and not known and _is_end_of(event, current):
            self._remember(event.iteration)
            return self._finish(event.at_s)
        if current is not None or known:
            self._remember(event.iteration)
            return (Stray.STALE_END,)
        self._over(event.iteration)
        return (Stray.END_WITHOUT_START,)

    def _turn(self, event: Event) -> tuple[Ended | Stray, ...]:
        """An end where no starts are told: the next iteration, still without a name, begins with it."""
        if event.iteration in self._ended_ids or event.at_s < self._none_before_s:
            self._remember(event.iteration)
            return (Stray.STALE_END,)
        if self.in_flight is None:
            self._over(event.iteration)
            ended: tuple[Ended | Stray, ...] = ()
        else:
            self.in_flight = msgspec.structs.replace(self.in_flight, iteration=event.iteration)
            ended = self._finish(event.at_s)
        self._begin(event.at_s, None)
        return ended

    def _rest(self, event: Event) -> tuple[Ended | Stray, ...]:
        """Nothing is due until the next start."""
        if event.at_s < self._none_before_s:
            return (Stray.STALE_IDLE,)
        self._none_before_s = event.at_s
        self.idle = True
        return self._finish(event.at_s)

    def _begin(self, at_s: float, iteration: str | None) -> None:
        self.idle = False
        self._none_before_s = max(self._none_before_s, at_s)
        self.in_flight = InFlight(iteration=iteration, started_s=at_s, threshold_s=self._threshold_s())

    def _finish(self, at_s: float) -> tuple[Ended | Stray, ...]:
        """End what is in flight, if anything is."""
        current, due_s = self.in_flight, self.due_s()
        if current is None or due_s is None:
            return ()
        self.in_flight = None
        self._over(current.iteration)
        ended_s = max(at_s, current.started_s)
        unseen = current.fired == 0 and ended_s >= due_s
        return (
            Ended(
                iteration=current.iteration,
                started_s=current.started_s,
                ended_s=ended_s,
                overran=unseen or current.fired > 0,
                unseen=unseen,
            ),
        )

    def _over(self, iteration: str | None) -> None:
        """An iteration ended, whether or not its start was seen."""
        self.iterations += 1
        self._first = False
        self._remember(iteration)

    def _threshold_s(self) -> float:
        return self.rules.first_loop_time_s if self._first else self.rules.max_loop_time_s

    def _remember(self, iteration: str | None) -> None:
        if iteration is not None and iteration not in self._ended_ids:
            self._ended_ids.append(iteration)

    def _reason(self, current: InFlight, now_s: float) -> str:
        age = Seconds(now_s - current.started_s)
        limit = Seconds(current.threshold_s)
        if self.rules.certainty is Certainty.CERTAIN:
            return f"in flight for {age}, allowed are {limit}"
        return f"silent for {age}, allowed are {limit} and {Seconds(self.rules.idle_allowance_s)} of pause"


def _is_end_of(event: Event, current: InFlight) -> bool:
    """Whether an end is that of the iteration in flight; without names only time can tell."""
    if event.iteration is not None and current.iteration is not None:
        return event.iteration == current.iteration
    return event.at_s >= current.started_s
