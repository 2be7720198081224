"""Looks at targets for the triggers that are configured: at each tick, at a line of a log, at an exit."""

import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import msgspec

from daemon.captures import Captures
from daemon.config.parts import Part
from daemon.events import Events
from daemon.targets import procfs
from daemon.targets.fleet import Fleet
from daemon.targets.process import HeldProcess
from daemon.targets.target import Target
from daemon.triggers.contract import Judge as LoopJudge
from daemon.triggers.contract import Seen, TriggerOptions, Usage
from daemon.triggers.exit import Exit
from daemon.triggers.exits import Exits, Judge
from daemon.triggers.line import Lines, patterns
from model.errors import RefusedError
from model.events import Trigger, TriggerKind

_LOG = logging.getLogger(__name__)

UTIME_FIELD, STIME_FIELD, RSS_FIELD = 11, 12, 21  # of /proc/PID/stat, from the state on
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Armed(msgspec.Struct, frozen=True, kw_only=True):
    """A trigger of a target, as the status shows it."""

    name: str
    kind: str
    says: str


class _Judged:
    """The triggers of one target, for as long as its process and its configuration are the same."""

    def __init__(self, target: Target) -> None:
        self.held = target.held
        self.parts = target.config.triggers
        found = ((part, part.options.judge()) for part in self.parts)
        self.judges: list[tuple[Part[TriggerOptions], LoopJudge]] = [
            (part, judge) for part, judge in found if judge is not None
        ]
        self.lines = {one: Lines(one) for one in patterns(self.parts)}
        every = [every_s for part in self.parts if (every_s := part.options.usage_every_s()) is not None]
        self._every_s = min(every, default=None)
        self._next_s = float("-inf")

    def usage(self, now_s: float) -> Usage | None:
        """What the process has used, when it is time to look."""
        if self._every_s is None or now_s < self._next_s or not isinstance(self.held, HeldProcess):
            return None
        self._next_s = now_s + self._every_s
        return _usage(self.held)


class Triggers:
    """All triggers but the watch's own. Where none is configured, nothing is done."""

    def __init__(self, fleet: Fleet, captures: Captures, events: Events) -> None:
        self._fleet = fleet
        self._captures = captures
        self.death: Callable[[Target, HeldProcess], Judge | None] = lambda target, process: None
        self.exits = Exits(events, self._begin)
        self._judged: dict[str, _Judged] = {}

    def look(self, now_s: float) -> None:
        """About once a second."""
        if self._judged:
            self._judged = {name: one for name, one in self._judged.items() if name in self._fleet.targets}
        for target in self._fleet:
            if target.config.triggers:
                self._look(target, now_s)

    def line(self, name: str, pattern: str) -> None:
        """A new line of a log of this target matches."""
        target, now_s = self._fleet.targets.get(name), time.monotonic()
        lines = self._of(target).lines.get(pattern) if target is not None else None
        if target is not None and lines is not None and (reason := lines.matched(now_s)):
            self._fire(target, TriggerKind.LINE, reason, now_s)

    def exited(self, target: Target) -> None:
        """The process of a target ended just now, and the target still holds it."""
        process = target.process
        if process is None:
            return
        asked = next((p.options for p in target.config.triggers if isinstance(p.options, Exit)), None)
        if (judge := asked or self.death(target, process)) is not None:
            self.exits.ended(target, process, judge)

    def armed(self, target: Target) -> Iterator[Armed]:
        """Where each trigger of a target stands."""
        if not target.config.triggers:
            return
        judges = {part.name: judge for part, judge in self._of(target).judges}
        for part in target.config.triggers:
            judge = judges.get(part.name)
            says = part.options.says(target.watch) if judge is None else judge.says()
            yield Armed(name=part.name, kind=part.kind, says=says)

    def _look(self, target: Target, now_s: float) -> None:
        one = self._of(target)
        if target.held is None or not one.judges:
            return
        seen = Seen(
            now_s=now_s,
            heard_s=max(target.heard_s.values(), default=None),
            quiet=not (target.deaf or target.watch.idle or target.watch.in_flight is not None),
            usage=one.usage(now_s),
        )
        for part, judge in one.judges:
            if reason := judge.look(seen):
                self._fire(target, part.options.kind, reason, now_s)

    def _of(self, target: Target) -> _Judged:
        found = self._judged.get(target.name)
        if found is None or found.held is not target.held or found.parts != target.config.triggers:
            found = self._judged[target.name] = _Judged(target)
        return found

    def _fire(self, target: Target, kind: TriggerKind, reason: str, now_s: float) -> None:
        current = target.in_flight
        trigger = Trigger(
            target=target.name,
            kind=kind,
            reason=reason,
            at_s=now_s,
            iteration=current.iteration if current else None,
            started_s=current.started_s if current else None,
        )
        self._begin(target, trigger)

    def _begin(self, target: Target, trigger: Trigger, ended: HeldProcess | None = None) -> None:
        about = {"target": target.name, "kind": trigger.kind, "reason": trigger.reason}
        _LOG.warning("trigger", extra=about)
        if self._captures.after_lesser(target, trigger, ended=ended):
            return
        with suppress(RefusedError):  # counted and logged where it was refused
            self._captures.begin(target, trigger, ended=ended)


def _usage(process: HeldProcess) -> Usage | None:
    try:
        fields = procfs.stat_fields(process.pid)
        cpu_ticks = int(fields[UTIME_FIELD]) + int(fields[STIME_FIELD])
        rss_bytes = int(fields[RSS_FIELD]) * PAGE_BYTES
    except (OSError, IndexError):
        return None
    if not process.alive():  # what was read may be a successor's
        return None
    return Usage(cpu_s=cpu_ticks / procfs.TICKS_PER_S, rss_bytes=rss_bytes)
