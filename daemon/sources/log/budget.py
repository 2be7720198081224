"""How much of our CPU the patterns of a log may take. Pure: it reads no clock."""

SHARE = 0.5  # of a core, lasting
BURST_S = 2.5  # of CPU time above that
PIECE_S = 0.1  # of CPU time for one piece: for so long the daemon hears nothing else
LINE_S = 0.0001  # of CPU time for a line; what takes less is a flood of lines, and no fault of a pattern
RETRY_S = 300.0


class Budget:
    """Tells when too much was spent. What is read when catching up may take all there is, piece by piece."""

    def __init__(self) -> None:
        self._spent_s = 0.0
        self._at_s: float | None = None

    def spend(self, cpu_s: float, now_s: float) -> bool:
        """Note what a piece has taken; whether that is too much."""
        passed_s = now_s - (now_s if self._at_s is None else self._at_s)
        self._spent_s = max(0.0, self._spent_s - SHARE * passed_s) + cpu_s
        self._at_s = now_s
        return self._spent_s > BURST_S

    def forget(self) -> None:
        """Begin anew: a pattern that spent it is disabled."""
        self._spent_s = 0.0
