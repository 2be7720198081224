"""How often a source speaks, pure: to notice one that has fallen silent."""

from collections import deque

REMEMBERED = 32
LEAST_KNOWN = 4  # intervals, before silence can be told from habit
MANY_TIMES = 20.0
LEAST_SILENCE_S = 30.0


class Pulse:
    """The recent intervals between a source's events."""

    def __init__(self) -> None:
        self.last_s: float | None = None
        self._intervals_s: deque[float] = deque(maxlen=REMEMBERED)

    def said(self, at_s: float) -> None:
        """Take the time of an event."""
        if self.last_s is not None:
            at_s = max(at_s, self.last_s)  # events may overtake each other
            self._intervals_s.append(at_s - self.last_s)
        self.last_s = at_s

    def usual_s(self) -> float | None:
        """The median interval, once there is a habit."""
        if len(self._intervals_s) < LEAST_KNOWN:
            return None
        return sorted(self._intervals_s)[len(self._intervals_s) // 2]

    def silent_s(self, now_s: float) -> float | None:
        """For how long it has been unusually silent; None while it is not."""
        usual_s = self.usual_s()
        if usual_s is None or self.last_s is None:
            return None
        silence_s = now_s - self.last_s
        return silence_s if silence_s > max(LEAST_SILENCE_S, MANY_TIMES * usual_s) else None
