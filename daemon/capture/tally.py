"""What captures came to, since the start: for the metrics, and by target for the status."""

import logging
from collections import Counter

from daemon.targets.target import Target
from daemon.telemetry.series import Telemetry
from model.capture import Capture, Outcome
from model.errors import RefusedError
from model.events import PlanName, Trigger

_LOG = logging.getLogger(__name__)


class Tally:
    """Counts captures and refusals; of drills nothing is counted that an alert may look at."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self.outcomes: dict[str, Counter[str]] = {}
        self.refusals: dict[str, Counter[str]] = {}
        self.uncaptured: dict[str, Counter[str]] = {}  # refusals, each overrun once

    def forget(self, target: str) -> None:
        """A target is no longer watched."""
        for figures in (self.outcomes, self.refusals, self.uncaptured):
            figures.pop(target, None)

    def wished(self, trigger: Trigger) -> None:
        """Count a trigger, whatever will come of it."""
        if trigger.plan is not PlanName.DRILL:
            self._telemetry.triggers.labels(trigger.target, trigger.kind).inc()

    def ended(self, capture: Capture) -> None:
        """Count a capture that became a report."""
        self.count(capture.target, capture.outcome, capture.trigger.plan)
        for note in capture.notes if self._telemetry.knows(capture.target) else ():
            self._telemetry.capture_notes.labels(capture.target, note).inc()
        for part in capture.parts:
            self._telemetry.collector_s.labels(part.name).observe(part.seconds)

    def count(self, target: str, outcome: Outcome, plan: PlanName) -> None:
        """Count an outcome of a target's."""
        if plan is PlanName.DRILL or not self._telemetry.knows(target):  # it may have gone meanwhile
            return
        self._telemetry.captures.labels(target, outcome).inc()
        self.outcomes.setdefault(target, Counter())[outcome] += 1

    def refused(self, target: Target, refused: RefusedError, trigger: Trigger) -> None:
        """Count a trigger that led to no capture, and say why."""
        again = trigger.fired > 1
        if not again and trigger.plan is PlanName.FULL:
            self.uncaptured.setdefault(target.name, Counter())[refused.reason] += 1
        if trigger.plan is not PlanName.DRILL:
            self.refusals.setdefault(target.name, Counter())[refused.reason] += 1
            self._telemetry.refusals.labels(target.name, refused.reason).inc()
        about = {"target": target.name, "reason": refused.reason, "why": str(refused)}
        said = "not captured again" if again else "capture refused"
        _LOG.info(said, extra={**about, "remedy": refused.remedy})
