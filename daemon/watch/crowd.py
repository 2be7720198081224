"""The state of a loop whose iterations run side by side, told apart by their names. Pure."""

import heapq
from itertools import count

from daemon.watch.iterations import Ended, InFlight, Rules, Stray, Threshold
from daemon.watch.thresholds import Thresholds
from model.events import Event, EventKind, Trigger

MOST_IN_FLIGHT = 1000
REMEMBERED_ENDS = 1000


class CrowdWatch:
    """Follows many iterations at a time: reconciliations, handlers. A name is used by one at a time."""

    def __init__(self, target: str, loop: str, rules: Rules) -> None:
        self.target = target
        self.loop = loop
        self.rules = rules
        self.iterations = 0
        self.idle = False
        self._thresholds = Thresholds(rules)
        self._crowd: dict[str | None, InFlight] = {}  # in the order in which they were heard
        self._ends_s: dict[str | None, float] = {}  # when a name was last heard to end: a start may be late
        self._due: list[tuple[float, int, InFlight]] = []  # a heap; what left the crowd stays until it is met
        self._number = count()

    @property
    def in_flight(self) -> InFlight | None:
        """The oldest of those that run now."""
        return min(self._crowd.values(), key=lambda one: one.started_s, default=None)

    def all_in_flight(self) -> tuple[InFlight, ...]:
        """All that run now, the oldest first."""
        return tuple(sorted(self._crowd.values(), key=lambda one: one.started_s))

    def next_threshold(self) -> Threshold:
        """What an iteration that starts now would be held to."""
        return self._thresholds.now()

    def take(self, event: Event) -> tuple[Ended | Stray, ...]:
        """Take one event and say what followed from it."""
        match event.kind:
            case EventKind.IDLE:
                return self._rest(event)
            case EventKind.END:
                return self._end(event)
            case _:
                return self._start(event)

    def due_s(self) -> float | None:
        """When the first of them fires next, in monotonic seconds."""
        while self._due and self._crowd.get(self._due[0][2].iteration) is not self._due[0][2]:
            heapq.heappop(self._due)
        return self._due[0][0] if self._due else None

    def fire(self, now_s: float) -> Trigger | None:
        """The trigger that was due first, if one is due."""
        due_s = self.due_s()
        if due_s is None or due_s > now_s:
            return None
        fired, trigger = self._due[0][2].fire(self.rules, self.target, self.loop, now_s)
        self._put(fired)
        return trigger

    def process_gone(self) -> None:
        """Drop all: the process that ran them is gone."""
        self._crowd.clear()
        self._due.clear()
        self._ends_s.clear()
        self.iterations, self.idle = 0, False

    def process_found(self, *, fresh: bool) -> None:
        """A process is there. A crowd knows no first iteration."""

    def adopt(self, rules: Rules) -> None:
        """Go on under other rules; those in flight are held to the new threshold."""
        if rules == self.rules:  # else a threshold that has moved on since would hold for those in flight
            return
        self.rules = rules
        self._thresholds.adopt(rules)
        self._due.clear()
        for one in list(self._crowd.values()):
            self._put(one.held_to(self._thresholds.now()))

    def heard_again(self, at_s: float) -> None:
        """Nothing was heard until now; ends may be missing, so all that are in flight count from now on."""
        self._due.clear()
        for one in list(self._crowd.values()):
            self._put(one.counted_from(at_s))

    def _start(self, event: Event) -> tuple[Ended | Stray, ...]:
        before = self._crowd.get(event.iteration)
        if before is not None and (event.iteration is not None or event.at_s <= before.started_s):
            return (Stray.DUPLICATE_START,)
        if event.at_s < self._ends_s.get(event.iteration, float("-inf")):
            return (Stray.LATE_START,)
        self.idle = False
        lost = before is not None or len(self._crowd) >= MOST_IN_FLIGHT
        if before is None and lost:  # whoever never ends must not fill us
            self._crowd.pop(next(iter(self._crowd)))
        threshold = self._thresholds.now()
        self._put(InFlight(iteration=event.iteration, started_s=event.at_s, threshold=threshold))
        return (Stray.LOST_END,) if lost else ()

    def _end(self, event: Event) -> tuple[Ended | Stray, ...]:
        current = self._crowd.get(event.iteration)
        if current is not None and event.iteration is None and event.at_s < current.started_s:
            return (Stray.STALE_END,)
        self._remember(event)
        if current is None:
            return (Stray.END_WITHOUT_START,)
        return (self._finish(current, event.at_s, event.duration_s),)

    def _rest(self, event: Event) -> tuple[Ended | Stray, ...]:
        """Nothing is due until the next start; what started later than this was said goes on."""
        over = [one for one in self._crowd.values() if one.started_s <= event.at_s]
        if not over and self._crowd:
            return (Stray.STALE_IDLE,)
        ended = tuple(self._finish(one, event.at_s) for one in over)
        self.idle = not self._crowd
        return ended

    def _put(self, one: InFlight) -> None:
        self._crowd[one.iteration] = one
        if (
            len(self._due) >= 2 * MOST_IN_FLIGHT
        ):  # most of these have left the crowd long before they were due
            self._due = [entry for entry in self._due if self._crowd.get(entry[2].iteration) is entry[2]]
            heapq.heapify(self._due)
        heapq.heappush(self._due, (one.due_s(self.rules), next(self._number), one))

    def _finish(self, current: InFlight, at_s: float, duration_s: float | None = None) -> Ended:
        del self._crowd[current.iteration]
        self.iterations += 1
        ended = current.end(self.rules, at_s, duration_s)
        self._thresholds.ended(ended)
        return ended

    def _remember(self, event: Event) -> None:
        self._ends_s.pop(event.iteration, None)
        self._ends_s[event.iteration] = event.at_s
        if len(self._ends_s) > REMEMBERED_ENDS:
            del self._ends_s[next(iter(self._ends_s))]
