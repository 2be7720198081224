"""Judges how processes ended, when the last words that they said have arrived."""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import Protocol

import msgspec

from daemon.events import Events
from daemon.targets.process import HeldProcess
from daemon.targets.target import Target
from daemon.triggers.exit import Ending, ending
from daemon.watch.iterations import InFlight
from model.events import Event, EventKind, Trigger, TriggerKind

SETTLE_S = 0.5  # a log is read a little later than it is written


class _Ended(msgspec.Struct):
    """A process that ended just now."""

    target: Target
    process: HeldProcess
    judge: "Judge"
    at_s: float
    ending: Ending
    in_flight: InFlight | None

    def heard(self, event: Event) -> None:
        """The end of its last iteration may come after its own."""
        current = self.in_flight
        if event.target != self.target.name or current is None or event.kind is EventKind.START:
            return
        if current.iteration is None or event.iteration in (None, current.iteration):
            self.in_flight = None


class Judge(Protocol):
    """Says whether a capture is wanted of a process that ended."""

    def reason(self, now_s: float, in_flight: InFlight | None, ending: Ending) -> str | None:
        """Why, if one is; `now_s` is when it ended."""


class Exits:
    """The processes that ended and are not judged yet."""

    def __init__(self, events: Events, fire: Callable[[Target, Trigger, HeldProcess], None]) -> None:
        """`fire` is given the target, the trigger, and the process, which the target may hold no more."""
        self._events = events
        self._fire = fire
        self.settling = 0

    def ended(self, target: Target, process: HeldProcess, judge: "Judge") -> None:
        """A process ended just now, and its target still holds it."""
        ended = _Ended(
            target=target,
            process=process.share(),
            judge=judge,
            at_s=process.exited_s or time.monotonic(),
            ending=ending(process.identity),  # now, before its parent asks
            in_flight=target.in_flight,
        )
        listener = ended.heard
        self._events.listeners.append(listener)
        self.settling += 1
        asyncio.get_running_loop().call_later(SETTLE_S, partial(self._judge, ended, listener))

    def _judge(self, ended: _Ended, listener: Callable[[Event], None]) -> None:
        self._events.listeners.remove(listener)
        self.settling -= 1
        reason = ended.judge.reason(ended.at_s, ended.in_flight, ended.ending)
        if reason is not None:
            current = ended.in_flight
            trigger = Trigger(
                target=ended.target.name,
                kind=TriggerKind.EXIT,
                reason=reason,
                at_s=ended.at_s,
                iteration=current.iteration if current else None,
                started_s=current.started_s if current else None,
            )
            self._fire(ended.target, trigger, ended.process)
        ended.process.close()
