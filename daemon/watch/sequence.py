"""The state of one loop whose iterations follow each other, pure: events in, happenings out."""

from collections import deque

import msgspec

from daemon.watch.iterations import Ended, InFlight, Rules, Stray, Threshold
from daemon.watch.thresholds import Thresholds
from model.events import Event, EventKind, Trigger

REMEMBERED_ENDS = 64


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
        self._thresholds = Thresholds(rules)
        self._ended_ids: deque[str] = deque(maxlen=REMEMBERED_ENDS)
        self._none_before_s = float("-inf")  # what began earlier than this is over

    def all_in_flight(self) -> tuple[InFlight, ...]:
        """The one that runs now, if one does."""
        return () if self.in_flight is None else (self.in_flight,)

    def next_threshold(self) -> Threshold:
        """What an iteration that starts now would be held to."""
        return self._thresholds.now(first=self._first)

    def take(self, event: Event) -> tuple[Ended | Stray, ...]:
        """Take one event and say what followed from it."""
        match event.kind:
            case EventKind.IDLE:
                return self._rest(event)
            case EventKind.END if self.rules.mode != "end":
                return self._end(event)
            case EventKind.END:
                return self._turn(event)
            case _:
                return self._start(event)

    def due_s(self) -> float | None:
        """When the iteration in flight fires next, in monotonic seconds."""
        return None if self.in_flight is None else self.in_flight.due_s(self.rules)

    def fire(self, now_s: float) -> Trigger | None:
        """The trigger that is due, if one is."""
        current = self.in_flight
        if current is None or now_s < current.due_s(self.rules):
            return None
        self.in_flight, trigger = current.fire(self.rules, self.target, self.loop, now_s)
        return trigger

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
        self._thresholds.adopt(rules)
        if self.in_flight is not None:
            self.in_flight = self.in_flight.held_to(self.next_threshold())

    def heard_again(self, at_s: float) -> None:
        """Nothing was heard until now; its end may be missing, so what is in flight counts from now on."""
        if self.in_flight is not None:
            self.in_flight = self.in_flight.counted_from(at_s)

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
            return self._finish(event.at_s, _told_s(event, current, self.rules))
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
        if self.in_flight is None and event.duration_s is not None:
            self._begin(event.at_s - event.duration_s, None)  # its end alone tells all of it
        if self.in_flight is None:
            self._over(event.iteration)
            ended: tuple[Ended | Stray, ...] = ()
        else:
            self.in_flight = msgspec.structs.replace(self.in_flight, iteration=event.iteration)
            ended = self._finish(event.at_s, event.duration_s)
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
        self.in_flight = InFlight(iteration=iteration, started_s=at_s, threshold=self.next_threshold())

    def _finish(self, at_s: float, duration_s: float | None = None) -> tuple[Ended | Stray, ...]:
        """End what is in flight, if anything is."""
        current = self.in_flight
        if current is None:
            return ()
        self.in_flight = None
        ended = current.end(self.rules, at_s, duration_s)
        self._thresholds.ended(ended, first=self._first)
        self._over(current.iteration)
        return (ended,)

    def _over(self, iteration: str | None) -> None:
        """An iteration ended, whether or not its start was seen."""
        self.iterations += 1
        self._first = False
        self._remember(iteration)

    def _remember(self, iteration: str | None) -> None:
        if iteration is not None and iteration not in self._ended_ids:
            self._ended_ids.append(iteration)


def _is_end_of(event: Event, current: InFlight) -> bool:
    """Whether an end is that of the iteration in flight; without names only time can tell."""
    if event.iteration is not None and current.iteration is not None:
        return event.iteration == current.iteration
    return event.at_s >= current.started_s


def _told_s(event: Event, current: InFlight, rules: Rules) -> float | None:
    """How long it took, where that is told: in mode `start` a told end is one without any pause."""
    if event.duration_s is not None or rules.mode != "start":
        return event.duration_s
    return max(0.0, event.at_s - current.started_s)
