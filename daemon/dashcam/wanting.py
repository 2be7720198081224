"""What is wanted of the dashcam of a target, as its iteration in flight tells. It reads no clock."""

from collections.abc import Callable

from daemon.dashcam import pacing
from daemon.dashcam.pacing import Ages, Wish
from daemon.targets.target import Target
from daemon.watch.iterations import InFlight
from model.history import History

HistoryOf = Callable[[Target], History | None]


class Wanting:
    """Of one target."""

    def __init__(self, target: Target, history: HistoryOf) -> None:
        self._target = target
        self._history = history
        self.healthy: Callable[[], bool] | None = None  # whether to go on sampling what is not slow

    def wish(self, now_s: float) -> Wish | None:
        """How often to sample now; None where nothing is to be sampled."""
        options, current = self._target.config.dashcam, self._target.in_flight
        slow = current is not None and self.slow(current, now_s)
        if options.mode == "continuous":
            return pacing.steady(options.rate_hz, slow=slow)
        if options.mode == "off":
            return None
        if current is not None and slow and (ages := self._ages(current, now_s)) is not None:
            return pacing.adaptive(options.rate_hz, ages)
        return pacing.steady(options.rate_hz, slow=False) if self._goes_on() else None

    def _goes_on(self) -> bool:
        """Whether healthy iterations are still sampled: several in a row, where each is over in a moment."""
        if self.healthy is not None and not self.healthy():
            self.healthy = None
        return self.healthy is not None

    def segment_s(self, now_s: float) -> float:
        """How long a segment is that begins now."""
        current = self._target.in_flight
        ages = self._ages(current, now_s) if current is not None else None
        if ages is None or ages.now_s < ages.begin_s:
            return pacing.SEGMENT_S
        return pacing.segment_s(ages.begin_s, ages.threshold_s)

    def slow(self, current: InFlight, at_s: float) -> bool:
        """Whether an iteration is slow by then."""
        ages = self._ages(current, at_s)
        return ages is not None and ages.now_s >= ages.begin_s

    def due_s(self) -> float | None:
        """When the iteration in flight will be slow, in monotonic seconds; None where it never is."""
        current = self._target.in_flight
        ages = self._ages(current, 0.0) if current is not None else None
        return None if current is None or ages is None else current.started_s + ages.begin_s

    def _ages(self, current: InFlight, now_s: float) -> Ages | None:
        """With the pause that no event marks, and that is no part of an iteration."""
        begin_s = pacing.begins_s(current.threshold_s, self._history(self._target))
        if begin_s is None:
            return None
        rules = self._target.watch.rules
        pause_s = rules.idle_allowance_s
        threshold_s = current.threshold_s + pause_s + rules.lag_s
        return Ages(now_s - current.started_s, begin_s + pause_s, threshold_s)
