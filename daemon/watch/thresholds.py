"""What the next iteration of a loop is held to: a fixed time, or one that follows its predecessors. Pure."""

from daemon.watch.iterations import Ended, Rules, Threshold
from daemon.watch.recent import Recent


class Thresholds:
    """Of one loop."""

    def __init__(self, rules: Rules) -> None:
        self._recent: Recent | None = None
        self.adopt(rules)

    def adopt(self, rules: Rules) -> None:
        """Go on under other rules; what iterations took stays known."""
        self._rules = rules
        self._fixed = _threshold(rules, rules.max_loop_time_s)
        patient = rules.first_loop_time_s > rules.max_loop_time_s
        self._first = Threshold(time_s=rules.first_loop_time_s) if patient else self._fixed
        if rules.adaptive is None:
            self._recent = None
        elif self._recent is None:
            self._recent = Recent(rules.adaptive.last)
        else:
            self._recent = self._recent.resized(rules.adaptive.last)

    def now(self, *, first: bool = False) -> Threshold:
        """For an iteration that starts; the first of a process may have a time of its own."""
        if first and self._first is not self._fixed:
            return self._first
        recent, adaptive = self._recent, self._rules.adaptive
        if adaptive is None or recent is None or len(recent) < adaptive.needs:
            return self._fixed
        usual_s = recent.percentile(adaptive.percent)
        time_s = adaptive.threshold_s(usual_s)
        if time_s >= self._rules.max_loop_time_s:
            return self._fixed
        return _threshold(self._rules, time_s, usual_s, len(recent))

    def ended(self, ended: Ended, *, first: bool = False) -> None:
        """Learn from an iteration; from the first of a process only where it is held to the same time."""
        if self._recent is not None and not (first and self._first is not self._fixed):
            self._recent.add(ended.ended_s - ended.started_s)


def _threshold(rules: Rules, time_s: float, usual_s: float | None = None, seen: int = 0) -> Threshold:
    early_s = rules.early_s if rules.early_s is not None and rules.early_s < time_s else None
    return Threshold(time_s=time_s, early_s=early_s, usual_s=usual_s, seen=seen)
