"""How far a capture is, as it is told by the id of its report."""

from enum import StrEnum

import msgspec

from daemon.spool.entry import Entry
from daemon.spool.state import Delivery, Opened
from model.events import PlanName


class State(StrEnum):
    """How far a capture is."""

    WAITING = "waiting"  # for the next iteration
    RUNNING = "running"
    ACCEPTED = "accepted"  # its report is safe in the spool
    STORED = "stored"  # and every sink has it
    FAILED = "failed"
    REFUSED = "refused"
    CANCELLED = "cancelled"  # before it began
    EXPIRED = "expired"  # no iteration began in time


class CaptureStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One capture, by the id of its report."""

    id: str
    target: str
    state: State
    kind: str
    reason: str
    since: str  # when it was asked for, or triggered (RFC 3339)
    expires_in_s: float | None = None  # while it waits
    outcome: str = ""  # of its report
    why: str = ""  # there is no report
    remedy: str = ""
    plan: str = PlanName.FULL
    lacking: tuple[str, ...] = ()  # what of it could not be taken, and why
    sinks: dict[str, Delivery] = {}


def told(facts: Opened, state: State) -> CaptureStatus:
    """Of one that has no report, or none yet."""
    return CaptureStatus(
        id=facts.id,
        target=facts.target,
        state=state,
        kind=facts.trigger.kind,
        plan=facts.trigger.plan,
        reason=facts.trigger.reason,
        since=facts.triggered_at,
    )


def stored(entry: Entry) -> CaptureStatus:
    """Of one that has a report."""
    return CaptureStatus(
        id=entry.id,
        target=entry.target,
        state=State.STORED if entry.settled else State.ACCEPTED,
        kind=entry.kind,
        plan=entry.plan,
        reason=entry.reason,
        since=entry.triggered_at,
        outcome=entry.outcome,
        lacking=entry.lacking,
        sinks=dict(entry.deliveries),
    )
