"""When to try again: exponential, with full jitter."""

from collections.abc import Callable

FIRST_S = 1.0
MOST_S = 300.0
LONGEST_ASKED_S = 3600.0


def delay_s(attempts: int, retry_after_s: float | None, uniform: Callable[[float, float], float]) -> float:
    """Seconds to wait after so many failed attempts; the other side may ask for more, up to an hour."""
    most_s = min(MOST_S, FIRST_S * 2.0 ** min(max(0, attempts - 1), 16))
    return max(uniform(0.0, most_s), min(retry_after_s or 0.0, LONGEST_ASKED_S))
