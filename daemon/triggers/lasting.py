"""What holds for a while is a reason once, and again only when it has lasted twice as long. Pure."""


class Lasting:
    """Fires when something begins to hold, and at 1, 2, 4 ... times `again_s` after that while it holds."""

    def __init__(self, again_s: float) -> None:
        self._again_s = again_s
        self._since_s: float | None = None
        self._next_s = 0.0

    def fires(self, now_s: float, *, holds: bool) -> bool:
        """Whether it is a reason now."""
        if not holds:
            self._since_s = None
            return False
        if self._since_s is None:
            self._since_s, self._next_s = now_s, self._again_s
            return True
        if now_s - self._since_s < self._next_s:
            return False
        while now_s - self._since_s >= self._next_s:
            self._next_s *= 2
        return True
