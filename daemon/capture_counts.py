"""What came of triggers: counted for metrics and for the status, and told in the log."""

import logging
from collections import Counter

from daemon.telemetry import Telemetry
from model.capture import Capture, Outcome
from model.errors import RefusedError
from model.events import PlanName, Trigger

_LOG = logging.getLogger(__name__)


class CaptureCounts:
    """By target, since the start. Of a drill nothing is counted that an alert may look at."""

    def __init__(self, telemetry: Telemetry) -> None:
        self.outcomes: dict[str, Counter[str]] = {}
        self.refusals: dict[str, Counter[str]] = {}
        self.uncaptured: dict[str, Counter[str]] = {}  # refusals of each overrun once
        self._telemetry = telemetry

    def wished(self, trigger: Trigger) -> None:
        """A capture is wanted."""
        if trigger.plan is not PlanName.DRILL:
            self._telemetry.triggers.labels(trigger.target, trigger.kind).inc()

    def captured(self, capture: Capture) -> None:
        """A report was accepted."""
        self.ended(capture.target, capture.outcome, capture.trigger.plan)
        for note in capture.notes if self._telemetry.knows(capture.target) else ():
            self._telemetry.capture_notes.labels(capture.target, note).inc()
        for part in capture.parts:
            self._telemetry.collector_s.labels(part.name).observe(part.seconds)

    def ended(self, target: str, outcome: Outcome, plan: PlanName) -> None:
        """A capture ended, with a report or without."""
        if plan is PlanName.DRILL or not self._telemetry.knows(target):  # it may have gone meanwhile
            return
        self._telemetry.captures.labels(target, outcome).inc()
        self.outcomes.setdefault(target, Counter())[outcome] += 1

    def refused(self, refused: RefusedError, trigger: Trigger) -> None:
        """A trigger led to no capture."""
        target, again = trigger.target, trigger.fired > 1
        if not again and trigger.plan is PlanName.FULL:
            self.uncaptured.setdefault(target, Counter())[refused.reason] += 1
        if trigger.plan is not PlanName.DRILL:
            self.refusals.setdefault(target, Counter())[refused.reason] += 1
            self._telemetry.refusals.labels(target, refused.reason).inc()
        about = {"target": target, "reason": refused.reason, "why": str(refused)}
        said = "not captured again" if again else "capture refused"
        _LOG.info(said, extra={**about, "remedy": refused.remedy})
