"""One timer for all deadlines, and the daemon's own lateness."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from functools import partial
from typing import Protocol

from model.events import Trigger

_LOG = logging.getLogger(__name__)

PAUSED_S = 1.0
SETTLE_S = 0.25  # for events that waited in sockets while we were paused
OBSERVER_PAUSED = "observer_paused"


class Timed(Protocol):
    """What has deadlines: a watch, or a target with several."""

    def due_s(self) -> float | None:
        """When it fires next, in monotonic seconds."""

    def fire(self, now_s: float) -> Trigger | None:
        """One trigger that is due, if any is."""


class Deadlines:
    """Fires the triggers of all loops in time. Call `changed` after every event."""

    def __init__(
        self,
        watches: Callable[[], Iterable[Timed]],
        fire: Callable[[Trigger, tuple[str, ...]], None],
        late: Callable[[float], None],
    ) -> None:
        self._watches = watches
        self._fire = fire
        self._late = late
        self._timer: asyncio.TimerHandle | None = None
        self._timer_s = float("inf")
        self._settling = False
        self._notes: tuple[str, ...] = ()
        self._stopped = False

    def changed(self, due_s: float | None) -> None:
        """A loop's deadline changed; wake up earlier when it comes before what was next."""
        if due_s is not None and due_s < self._timer_s and not self._settling:
            self._set(due_s)

    def stop(self) -> None:
        """Fire no more."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()

    def paused(self) -> None:
        """We ourselves did not run for a while: what is overdue fires later, and with a note."""
        self._notes = (OBSERVER_PAUSED,)
        self._settle()

    def blind(self) -> bool:
        """Whether we did not run just now: what arrives may have happened at any time of our pause."""
        late_s = asyncio.get_running_loop().time() - self._timer_s
        return bool(self._notes) or (late_s > PAUSED_S and not self._stopped)

    def _settle(self) -> None:
        """Let what happened while we did not run arrive before judging anybody."""
        self._settling = True
        self._set(asyncio.get_running_loop().time() + SETTLE_S)

    def _set(self, at_s: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._stopped:
            return
        loop = asyncio.get_running_loop()  # its clock is the monotonic one
        self._timer_s = max(at_s, loop.time())  # a deadline that was moved into the past is not our lateness
        self._timer = loop.call_at(self._timer_s, self._due)

    def _due(self) -> None:
        now_s = asyncio.get_running_loop().time()
        late_s, self._timer_s = now_s - self._timer_s, float("inf")
        self._late(max(0.0, late_s))
        if late_s > PAUSED_S:
            _LOG.warning("the daemon itself was paused", extra={"late_s": round(late_s, 3)})
            self._notes = (OBSERVER_PAUSED,)
        if late_s > SETTLE_S and not self._settling:
            return self._settle()
        notes, self._notes, self._settling = self._notes, (), False
        self._fire_all(now_s, notes)
        return None

    def _fire_all(self, now_s: float, notes: tuple[str, ...]) -> None:
        watches = list(self._watches())
        triggers = [trigger for watch in watches for trigger in iter(partial(watch.fire, now_s), None)]
        self.changed(min((due for watch in watches if (due := watch.due_s()) is not None), default=None))
        for trigger in sorted(triggers, key=lambda trigger: trigger.started_s or 0.0):  # the oldest first
            self._fire(trigger, notes)
