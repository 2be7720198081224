"""What a notification tells: one report, at one moment of its life. Its JSON is the webhook's plain form."""

from enum import StrEnum

import msgspec

from model.capture import FORMAT, Capture
from model.events import PlanName
from model.manifest import Manifest
from model.report import location
from model.verdict import Verdict


class Moment(StrEnum):
    """When a notification is due."""

    ACCEPTED = "accepted"  # the evidence is durable: from now on the report is never lost
    STORED = "stored"  # a sink has it


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict without its evidence."""

    cause: str
    confidence: str
    sentence: str
    signature: str
    remedy: str


class News(msgspec.Struct, frozen=True, kw_only=True):
    """One notification. Fields are added, never renamed or taken away."""

    format: int = FORMAT
    id: str  # REPORT.MOMENT: the same, however often it has to be sent
    moment: Moment
    report: str
    path: str  # TARGET/YYYY/MM/DD/ID: where sinks put it
    target: str
    host: str
    pid: int  # 0 where no process was held
    labels: dict[str, str]
    triggered_at: str  # RFC 3339, UTC
    trigger: str  # its kind
    reason: str  # of the trigger, in a sentence
    drill: bool  # nothing overran: somebody tries how it all arrives
    iteration: str | None
    age_s: float | None  # of the iteration at the trigger
    threshold_s: float | None
    duration_s: float | None  # of the whole iteration; None while it was still in flight
    outcome: str  # of the capture
    verdict: Answer | None  # None: not judged yet, or nothing to judge
    signature: str  # the verdict's; empty without one
    function: str  # where most of the main thread's time went; empty before the report is drawn
    function_share: float | None  # 0 to 1
    locations: dict[str, str]  # where it is stored, by sink
    link: str  # to the report: the configured one, or where it is stored


def answer(verdict: Verdict) -> Answer:
    """A verdict, as it is told where there is no room for its evidence."""
    return Answer(
        cause=verdict.cause,
        confidence=verdict.confidence,
        sentence=verdict.sentence,
        signature=verdict.signature,
        remedy=verdict.remedy,
    )


def news(
    capture: Capture, manifest: Manifest | None, moment: Moment, locations: dict[str, str], link: str
) -> News:
    """What there is to tell; `manifest` is None before the report is drawn."""
    trigger, iteration = capture.trigger, capture.iteration
    verdict = manifest.verdict if manifest else None
    top = manifest.top_stacks[0] if manifest and manifest.top_stacks else None
    ended_s = iteration.ended_s if iteration else None
    return News(
        id=f"{capture.id}.{moment}",
        moment=moment,
        report=capture.id,
        path=location(capture.target, capture.id),
        target=capture.target,
        host=capture.host,
        pid=capture.pid,
        labels=capture.labels,
        triggered_at=capture.triggered_at,
        trigger=trigger.kind,
        reason=trigger.reason,
        drill=trigger.plan is PlanName.DRILL,
        iteration=iteration.id if iteration else trigger.iteration,
        age_s=trigger.age_s,
        threshold_s=trigger.threshold_s,
        duration_s=ended_s - iteration.started_s if iteration and ended_s is not None else None,
        outcome=capture.outcome,
        verdict=answer(verdict) if verdict else None,
        signature=verdict.signature if verdict else "",
        function=top.function if top else "",
        function_share=top.function_share if top else None,
        locations=locations,
        link=link,
    )
