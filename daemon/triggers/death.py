"""The end of a process that the dashcam saw in trouble: captured without being asked for."""

from collections.abc import Callable

from daemon.triggers.exit import Ending, within
from daemon.watch.iterations import InFlight

SawSlow = Callable[[InFlight, float], bool]


class Death:
    """Of one process that ended: a rollout ends healthy iterations, too, and is no reason."""

    def __init__(self, saw_slow: SawSlow) -> None:
        """`saw_slow`: whether there are stacks of an iteration that was slow at a monotonic time."""
        self._saw_slow = saw_slow

    def reason(self, now_s: float, in_flight: InFlight | None, ending: Ending) -> str | None:
        """Why a capture is wanted, if one is."""
        if in_flight is None or not (ending.crashed or self._saw_slow(in_flight, now_s)):
            return None
        return within(now_s, in_flight, ending)
