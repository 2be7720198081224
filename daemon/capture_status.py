"""How far a capture is, as it is told by the id of its report."""

from collections.abc import Iterator
from enum import StrEnum

import msgspec

from daemon.spool.entry import Entry
from daemon.spool.state import Delivery, Opened
from model.capture import Capture, Outcome
from model.events import PlanName

_AS_IT_SHOULD = (Outcome.COMPLETE, Outcome.NOTHING)


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
    capture = entry.capture
    return CaptureStatus(
        id=entry.id,
        target=entry.target,
        state=State.STORED if entry.settled else State.ACCEPTED,
        kind=capture.trigger.kind,
        plan=capture.trigger.plan,
        reason=capture.trigger.reason,
        since=capture.triggered_at,
        outcome=capture.outcome,
        lacking=tuple(_lacking(capture)),
        sinks=dict(entry.deliveries),
    )


def _lacking(capture: Capture) -> Iterator[str]:
    for part in capture.parts:
        if part.outcome not in _AS_IT_SHOULD:
            said = f"{part.name}: {part.outcome}" + (f": {part.detail}" if part.detail else "")
            yield f"{said} ({part.remedy})" if part.remedy else said
