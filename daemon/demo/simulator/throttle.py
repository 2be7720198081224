"""How many requests the API takes: a bucket of tokens, as those of clouds and of Kubernetes are."""

_BURST_S = 2.0


class Throttle:
    """So many requests a second, and two seconds' worth at once; 0 takes all. Times are the caller's."""

    def __init__(self, per_s: float) -> None:
        self._per_s = per_s
        self._most = max(1.0, per_s * _BURST_S)
        self._tokens, self._seen_s = self._most, 0.0

    def take(self, now_s: float) -> float:
        """0 for a request that is taken, else after how many seconds one may be."""
        if self._per_s <= 0:
            return 0.0
        gained = max(0.0, now_s - self._seen_s) * self._per_s
        self._tokens, self._seen_s = min(self._most, self._tokens + gained), now_s
        if self._tokens < 1:
            return (1 - self._tokens) / self._per_s
        self._tokens -= 1
        return 0.0
