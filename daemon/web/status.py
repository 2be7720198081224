"""What the daemon would tell of itself now, as plain data for JSON and for the page."""

import time
from collections.abc import Iterable, Iterator, Mapping
from heapq import nlargest
from typing import Any

import msgspec

from daemon.core import Core
from daemon.dashcam.dashcam import DashcamStatus
from daemon.delivery.outbox import Outbox
from daemon.evidence import version
from daemon.spool.entry import Entry
from daemon.spool.state import Delivery, Progress
from daemon.targets.target import Target
from daemon.telemetry.verdicts import LastVerdict
from daemon.triggers.running import Armed
from daemon.web.limits_status import LimitsStatus, limits_status
from model.news import Answer, answer

MOST_REPORTS = 200


class InFlightStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The iteration that runs now, and how near it is to firing."""

    iteration: str | None
    age_s: float
    threshold_s: float
    fires_in_s: float
    fired: int  # how many times this one has fired already


class SourceStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One way to learn of a target's iterations, in the order of the configuration."""

    name: str
    kind: str
    mode: str
    up: bool  # it hears its target now
    detail: str
    remedy: str
    decides: bool
    last_event_age_s: float | None  # of this process


class TargetStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One target."""

    name: str
    state: str
    pid: int | None
    address: str  # of its HTTP; empty where none is configured
    iterations: int
    in_flight: InFlightStatus | None
    max_loop_time_s: float
    recent_durations_s: tuple[float, ...]  # of the last iterations that ended, 100 at most, oldest first
    last_event_age_s: float | None
    capture_possible: bool
    reason: str
    detail: str  # why none is possible, or what one would lack
    remedy: str
    limits: LimitsStatus
    sources: tuple[SourceStatus, ...]
    triggers: tuple[Armed, ...]  # beside the overrun
    dashcam: DashcamStatus
    capturing: bool
    capture: str  # the id of the capture that runs; empty where none does
    waiting: str  # the id of the capture that waits for the next iteration; empty where none does
    captures: dict[str, int]  # since the daemon's start, by outcome
    refusals: dict[str, int]  # since the daemon's start, by reason
    last_verdict: LastVerdict | None


class SinkStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One sink's queue."""

    name: str
    pending: int
    dead: int
    last_error: str


class NotificationStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One notification's queue."""

    name: str
    pending: int
    dead: int
    last_error: str


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """The whole daemon."""

    version: str
    disabled: bool
    refused_config: str  # the faults of a newer configuration file; empty while none was refused
    targets: tuple[TargetStatus, ...]
    sinks: tuple[SinkStatus, ...]
    notifications: tuple[NotificationStatus, ...]
    spool_bytes: int
    spool_reports: int
    spool_damaged: int


class ReportStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One report in the spool."""

    id: str
    target: str
    triggered_at: str
    reason: str
    outcome: str
    size_bytes: int
    drawn: bool
    top: str
    verdict: Answer | None  # None before it is drawn, or where nothing was judged
    sinks: dict[str, Delivery]
    notices: dict[str, Delivery]  # NOTIFICATION.MOMENT


def status(core: Core, targets: Iterable[TargetStatus] | None = None) -> Status:
    """Everything but the reports; `targets` where somebody knows them already."""
    if targets is None:
        targets = (target_status(core, target, time.monotonic()) for target in core.fleet)
    return Status(
        version=version(),
        disabled=core.admission.disabled(),
        refused_config=core.refused_config,
        targets=tuple(targets),
        sinks=tuple(SinkStatus(**queue) for queue in _queues(core.deliveries.outboxes)),
        notifications=tuple(NotificationStatus(**queue) for queue in _queues(core.notifications.boxes)),
        spool_bytes=core.spool.used_bytes(),
        spool_reports=len(core.spool.entries),
        spool_damaged=core.spool.damaged(),
    )


def reports(core: Core) -> tuple[ReportStatus, ...]:
    """The newest reports first."""
    return tuple(map(_report, newest(core)))


def newest(core: Core) -> list[Entry]:
    """As many of the spool's entries as are shown, the newest first."""
    return nlargest(MOST_REPORTS, core.spool.entries.values(), key=lambda entry: entry.id)


def target_status(core: Core, target: Target, now_s: float) -> TargetStatus:
    """One target, at a monotonic time."""
    pulse = core.events.pulses.get(target.name)
    durations = core.events.durations.get(target.name)
    running = (facts.id for facts in core.captures.in_progress() if facts.target == target.name)
    return TargetStatus(
        name=target.name,
        state=target.state(now_s),
        pid=target.pid,
        address=", ".join(target.config.address),
        iterations=target.watch.iterations,
        in_flight=_in_flight(target, now_s),
        max_loop_time_s=target.config.threshold_s,
        recent_durations_s=durations.oldest_first() if durations else (),
        last_event_age_s=None if pulse is None or pulse.last_s is None else now_s - pulse.last_s,
        capture_possible=target.possible.possible,
        reason=target.possible.reason,
        detail=target.possible.detail,
        remedy=target.possible.remedy,
        limits=limits_status(core, target),
        sources=tuple(_sources(core, target, now_s)),
        triggers=tuple(core.triggers.armed(target)),
        dashcam=core.dashcam.status(target),
        capturing=target.name in core.admission.running,
        capture=next(running, ""),
        waiting=core.orders.waiting(target.name),
        captures=dict(core.captures.tally.outcomes.get(target.name, {})),
        refusals=dict(core.captures.tally.refusals.get(target.name, {})),
        last_verdict=core.verdicts.last(target.name),
    )


def _sources(core: Core, target: Target, now_s: float) -> Iterator[SourceStatus]:
    for part in target.config.iterations:
        condition = core.sources.condition(target, part)
        heard_s = target.heard_s.get(part.name)
        yield SourceStatus(
            name=part.name,
            kind=part.kind,
            mode=target.watches[part.name].rules.mode,
            up=condition.up,
            detail=condition.detail,
            remedy=condition.remedy,
            decides=part.name == target.deciding,
            last_event_age_s=None if heard_s is None else now_s - heard_s,
        )


def _in_flight(target: Target, now_s: float) -> InFlightStatus | None:
    current, due_s = target.in_flight, target.due_s()
    if current is None or due_s is None:
        return None
    return InFlightStatus(
        iteration=current.iteration,
        age_s=now_s - current.started_s,
        threshold_s=current.threshold_s,
        fires_in_s=due_s - now_s,
        fired=current.fired,
    )


def _queues(outboxes: Mapping[str, Outbox]) -> Iterator[dict[str, Any]]:
    for name, outbox in outboxes.items():
        waiting = [delivery for _, delivery in outbox.undelivered()]
        states = [delivery.progress for delivery in waiting]
        errors = [delivery.error for delivery in waiting if delivery.error]
        yield {
            "name": name,
            "pending": states.count(Progress.PENDING),
            "dead": states.count(Progress.DEAD),
            "last_error": errors[-1] if errors else "",
        }


def _report(entry: Entry) -> ReportStatus:
    manifest = entry.manifest() if entry.drawn else None
    top, verdict = (manifest.top_stacks, manifest.verdict) if manifest else ((), None)
    return ReportStatus(
        id=entry.id,
        target=entry.target,
        triggered_at=entry.triggered_at,
        reason=entry.reason,
        outcome=entry.outcome,
        size_bytes=entry.size_bytes,
        drawn=entry.drawn,
        top=f"{top[0].function} {top[0].function_share:.0%}" if top else "",
        verdict=answer(verdict) if verdict else None,
        sinks=entry.deliveries,
        notices=entry.notices,
    )
