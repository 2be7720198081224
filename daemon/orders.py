"""Captures on demand: asked for now or with the next iteration, looked up, and cancelled."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import msgspec

from daemon.capture.opened import new_id, stamp
from daemon.capture_status import CaptureStatus, State, stored, told
from daemon.captures import Captures
from daemon.events import Events
from daemon.limits.admission import Admission
from daemon.spool.entry import Entry
from daemon.spool.spool import Spool
from daemon.spool.state import Opened
from daemon.targets.target import Target
from daemon.watch.iterations import InFlight
from model.errors import RefusedError
from model.events import Event, PlanName, Refusal, Trigger, TriggerKind
from model.units import Seconds

REMEMBERED = 100  # that are over
DRILL = "drill"  # the note in the report


class _Waiting(msgspec.Struct, frozen=True):
    """A capture that waits for the next iteration of its target."""

    status: CaptureStatus
    asked_s: float
    until_s: float
    timer: asyncio.TimerHandle
    listener: Callable[[Event], None]


class Orders:
    """What was asked for by hand. Every capture can be looked up, and cancelled, by the id of its report."""

    def __init__(self, captures: Captures, admission: Admission, events: Events, spool: Spool) -> None:
        self._captures = captures
        self._admission = admission
        self._events = events
        self._spool = spool
        self._waiting: dict[str, _Waiting] = {}  # by target
        self._asked: OrderedDict[str, CaptureStatus | None] = OrderedDict()  # by id; what became of it
        captures.finished = self._finished

    def now(self, target: Target) -> str:
        """Capture it at once, in the iteration that is in flight if one is; raises RefusedError."""
        current = target.in_flight
        which = f", within {_named(current)}" if current else ""
        return self._begin(target, _trigger(target, f"asked for by hand{which}", current))

    def drill(self, target: Target) -> str:
        """Capture it for a moment, to see whether the report arrives everywhere; raises RefusedError."""
        trigger = _trigger(target, "a drill, asked for by hand: nothing overran", None)
        return self._begin(target, msgspec.structs.replace(trigger, plan=PlanName.DRILL), (DRILL,))

    def _begin(self, target: Target, trigger: Trigger, notes: tuple[str, ...] = ()) -> str:
        report_id = self._captures.begin(target, trigger, notes)
        self._remember(report_id, None)
        return report_id

    def next_iteration(self, target: Target, wait_s: float) -> str:
        """Capture the iteration that starts next, if one does within this time; raises RefusedError."""
        if (before := self._waiting.get(target.name)) is not None:
            raise RefusedError(Refusal.BUSY, f"{before.status.id} waits for the next iteration already")
        refused = self._admission.refusal(target, TriggerKind.MANUAL)
        if refused is not None and refused.reason != Refusal.BUSY:
            raise refused
        at, now_s = datetime.now(UTC), time.monotonic()
        status = CaptureStatus(
            id=new_id(target.name, at),
            target=target.name,
            state=State.WAITING,
            kind=TriggerKind.MANUAL,
            reason="asked for by hand, for the next iteration",
            since=stamp(at),
        )
        timer = asyncio.get_running_loop().call_later(wait_s, self._expire, target.name, wait_s)
        listener = partial(self._look, target.name)
        self._waiting[target.name] = _Waiting(status, now_s, now_s + wait_s, timer, listener)
        self._events.listeners.append(listener)
        return status.id

    def status(self, report_id: str) -> CaptureStatus | None:
        """How far a capture is; None of one that is not known, or no more."""
        for waiting in self._waiting.values():
            if waiting.status.id == report_id:
                left_s = max(0.0, waiting.until_s - time.monotonic())
                return msgspec.structs.replace(waiting.status, expires_in_s=left_s)
        for facts in self._captures.in_progress():
            if facts.id == report_id:
                return told(facts, State.RUNNING)
        if (entry := self._spool.entries.get(report_id)) is not None:
            return stored(entry)
        return self._asked.get(report_id)

    def busy(self, target: Target) -> list[CaptureStatus]:
        """What keeps a capture of this target from beginning now."""
        waiting = self._waiting.get(target.name)
        running = [told(facts, State.RUNNING) for facts in self._captures.in_progress()]
        return running + ([] if waiting is None else [waiting.status])

    def waiting(self, target: str) -> str:
        """The id of the capture that waits for the next iteration of a target, if one does."""
        found = self._waiting.get(target)
        return found.status.id if found else ""

    def cancel(self, report_id: str) -> bool:
        """Give up one that waits; end the window of one that runs. Whether there was one."""
        for name, waiting in self._waiting.items():
            if waiting.status.id == report_id:
                self._give_up(name, State.CANCELLED, "cancelled before an iteration began")
                return True
        return self._captures.cancel(report_id)

    def delivered(self, entry: Entry) -> None:
        """A sink has a report, or failed to take it: what was asked for outlives the spool's copy."""
        if entry.id in self._asked:
            self._asked[entry.id] = stored(entry)

    def _look(self, name: str, event: Event) -> None:
        """An event: perhaps the next iteration of a target began that is waited for."""
        if event.target != name:
            return
        target = self._events.target(name)  # a new configuration may have made another one of it
        waiting = self._waiting[target.name]
        began = [one for one in target.watch.all_in_flight() if one.started_s >= waiting.asked_s]
        if not began or target.deaf:
            return
        refused = self._admission.refusal(target, TriggerKind.MANUAL)
        if refused is not None and refused.reason is Refusal.BUSY:
            self._wait_on(waiting, refused)
            return
        self._forget(target.name)
        reason = f"{waiting.status.reason}: {_named(began[-1])}"
        trigger = _trigger(target, reason, began[-1])
        self._remember(waiting.status.id, None)
        try:
            self._captures.begin(target, trigger, name=waiting.status.id, follows_iteration=True)
        except RefusedError as refused:
            why = f"{refused.reason}: {refused}"
            self._over(waiting.status, State.REFUSED, why, refused.remedy)

    def _wait_on(self, waiting: _Waiting, busy: RefusedError) -> None:
        """Another capture is in the way of this iteration: then the one after is the next."""
        why = f"passed over an iteration: {busy.reason}: {busy}"
        status = msgspec.structs.replace(waiting.status, why=why)
        later = msgspec.structs.replace(waiting, status=status, asked_s=time.monotonic())
        self._waiting[waiting.status.target] = later

    def _expire(self, name: str, wait_s: float) -> None:
        why = (f"no iteration began within {Seconds(wait_s)}", self._waiting[name].status.why)
        self._give_up(name, State.EXPIRED, "; ".join(filter(None, why)))

    def _give_up(self, name: str, state: State, why: str) -> None:
        self._over(self._forget(name).status, state, why)

    def _forget(self, name: str) -> _Waiting:
        waiting = self._waiting.pop(name)
        waiting.timer.cancel()
        self._events.listeners.remove(waiting.listener)
        return waiting

    def _finished(self, facts: Opened, entry: Entry | None, refused: RefusedError | None) -> None:
        """A capture is over; of those that were asked for, it is remembered how."""
        if facts.id not in self._asked:
            return
        if entry is not None:
            self._asked[facts.id] = stored(entry)
        elif refused is not None:
            why = f"{refused.reason}: {refused}"
            self._over(told(facts, State.REFUSED), State.REFUSED, why, refused.remedy)
        else:
            self._over(told(facts, State.FAILED), State.FAILED, "the capture failed; the log says why")

    def _over(self, status: CaptureStatus, state: State, why: str, remedy: str = "") -> None:
        self._remember(status.id, msgspec.structs.replace(status, state=state, why=why, remedy=remedy))

    def _remember(self, report_id: str, status: CaptureStatus | None) -> None:
        self._asked[report_id] = status
        while len(self._asked) > REMEMBERED:
            self._asked.popitem(last=False)


def _named(one: InFlight) -> str:
    return f"iteration {one.iteration}" if one.iteration else "an iteration without a name"


def _trigger(target: Target, reason: str, current: InFlight | None) -> Trigger:
    return Trigger(
        target=target.name,
        kind=TriggerKind.MANUAL,
        reason=reason,
        at_s=time.monotonic(),
        iteration=current.iteration if current else None,
        started_s=current.started_s if current else None,
    )
