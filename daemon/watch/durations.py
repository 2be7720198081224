"""How long the last iterations of a target took, for whoever looks at it. Pure."""

from array import array

REMEMBERED = 100


class Durations:
    """The last durations in seconds: 8 bytes each, and nothing more is kept."""

    __slots__ = ("_next", "_seconds")

    def __init__(self) -> None:
        self._seconds = array("d")
        self._next = 0  # the place of the oldest, once all places are taken

    def add(self, duration_s: float) -> None:
        """One more; of too many the oldest is forgotten."""
        seconds = round(duration_s, 6)
        if len(self._seconds) < REMEMBERED:
            self._seconds.append(seconds)
        else:
            self._seconds[self._next] = seconds
            self._next = (self._next + 1) % REMEMBERED

    def oldest_first(self) -> tuple[float, ...]:
        """All that are known."""
        return (*self._seconds[self._next :], *self._seconds[: self._next])
