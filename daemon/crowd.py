"""The state of a loop whose iterations run side by side, told apart by their names. Pure."""

from daemon.iterations import Ended, InFlight, Rules, Stray
from model.events import Event, EventKind, Trigger

MOST_IN_FLIGHT = 1000


class CrowdWatch:
    """Follows many iterations at a time: reconciliations, handlers. A name is used by one at a time."""

    def __init__(self, target: str, loop: str, rules: Rules) -> None:
        self.target = target
        self.loop = loop
        self.rules = rules
        self.iterations = 0
        self.idle = False
        self._crowd: dict[str | None, InFlight] = {}  # oldest first

    @property
    def in_flight(self) -> InFlight | None:
        """The oldest of those that run now."""
        return next(iter(self._crowd.values()), None)

    def take(self, event: Event) -> tuple[Ended | Stray, ...]:
        """Take one event and say what followed from it."""
        match event.kind:
            case EventKind.IDLE:
                self.idle = True
                ended = tuple(one.end(self.rules, event.at_s, None) for one in self._crowd.values())
                self._crowd.clear()
                self.iterations += len(ended)
                return ended
            case EventKind.END:
                return self._end(event)
            case _:
                return self._start(event)

    def due_s(self) -> float | None:
        """When the first of them fires next, in monotonic seconds."""
        return min((one.due_s(self.rules) for one in self._crowd.values()), default=None)

    def fire(self, now_s: float) -> Trigger | None:
        """The trigger of the oldest that is due, if one is."""
        for name, one in self._crowd.items():
            if one.due_s(self.rules) <= now_s:
                self._crowd[name] = fired = one.fire(self.rules, now_s)
                return fired.trigger(self.rules, self.target, self.loop, now_s)
        return None

    def process_gone(self) -> None:
        """Drop all: the process that ran them is gone."""
        self._crowd.clear()
        self.iterations, self.idle = 0, False

    def process_found(self, *, fresh: bool) -> None:
        """A process is there. A crowd knows no first iteration."""

    def adopt(self, rules: Rules) -> None:
        """Go on under other rules; those in flight are held to the new threshold."""
        self.rules = rules
        self._crowd = {
            name: InFlight(
                iteration=one.iteration,
                started_s=one.started_s,
                threshold_s=rules.max_loop_time_s,
                level=one.level,
                fired=one.fired,
            )
            for name, one in self._crowd.items()
        }

    def _start(self, event: Event) -> tuple[Ended | Stray, ...]:
        if event.iteration in self._crowd:
            return (Stray.DUPLICATE_START,)
        self.idle = False
        lost = len(self._crowd) >= MOST_IN_FLIGHT
        if lost:  # whoever never ends must not fill us
            del self._crowd[next(iter(self._crowd))]
        self._crowd[event.iteration] = InFlight(
            iteration=event.iteration, started_s=event.at_s, threshold_s=self.rules.max_loop_time_s
        )
        return (Stray.LOST_END,) if lost else ()

    def _end(self, event: Event) -> tuple[Ended | Stray, ...]:
        current = self._crowd.pop(event.iteration, None)
        if current is None:
            return (Stray.END_WITHOUT_START,)
        self.iterations += 1
        return (current.end(self.rules, event.at_s, event.duration_s),)
