"""What the dashcam may spend over time, and when to try again what failed. Pure."""

MOST_DELAY_S = 300.0
# By mode, of one core over time: what is earned, and what may be saved up.
SHARES = {"adaptive": 0.005, "continuous": 0.02}
MOST_S = {"adaptive": 4.0, "continuous": 2.0}


class Purse:
    """CPU time that is earned at a share of one core, kept up to a bound, and spent after the fact."""

    def __init__(self, share: float, most_s: float, now_s: float) -> None:
        self._share = share
        self._most_s = most_s
        self._left_s = most_s
        self._at_s = now_s

    @classmethod
    def of(cls, mode: str, now_s: float) -> "Purse":
        """A full one."""
        return cls(SHARES[mode], MOST_S[mode], now_s)

    def earn_as(self, mode: str) -> None:
        """Earn as another mode does from now on; what is there, and what it owes, stays."""
        self._share, self._most_s = SHARES[mode], MOST_S[mode]

    def spend(self, cpu_s: float) -> None:
        """Take out what was used; it may owe something then."""
        self._left_s -= cpu_s

    def ready_in_s(self, needed_s: float, now_s: float) -> float:
        """How long until so much is there; 0 when it is."""
        self._left_s = min(self._most_s, self._left_s + self._share * max(0.0, now_s - self._at_s))
        self._at_s = max(self._at_s, now_s)
        return max(0.0, (min(needed_s, self._most_s) - self._left_s) / self._share)


class Backoff:
    """Failures in a row, each of which makes the wait longer."""

    def __init__(self) -> None:
        self.failures = 0
        self.until_s = float("-inf")
        self.why = ""

    def failed(self, now_s: float, why: str) -> None:
        """It went wrong once more."""
        self.failures += 1
        self.until_s = now_s + min(MOST_DELAY_S, 2.0 ** min(self.failures - 1, 16))
        self.why = why

    def worked(self) -> None:
        """It went well: forget what was."""
        self.failures, self.until_s, self.why = 0, float("-inf"), ""
