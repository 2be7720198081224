"""How often the host signals of a target are read: pure."""

from typing import Final

IDLE_SHARE: Final = 0.002  # of a core, of all targets together while nothing is slow
IDLE_SHARE_EACH: Final = 0.0005  # of a single one
SLOW_SHARE: Final = 0.02  # of each that is slow
SLOW_S: Final = 0.5
SLOW_FROM: Final = 0.25  # of its threshold: an iteration older than that is slow


def interval_s(asked_s: float, cost_s: float, targets: int, *, slow: bool) -> float:
    """The time from one reading to the next, given what the last one cost."""
    if slow:
        return max(min(asked_s, SLOW_S), cost_s / SLOW_SHARE)
    return max(asked_s, cost_s / IDLE_SHARE_EACH, cost_s * targets / IDLE_SHARE)


def is_slow(age_s: float | None, threshold_s: float) -> bool:
    """Whether an iteration of this age is worth a closer look; None: there is none."""
    return age_s is not None and age_s >= SLOW_FROM * threshold_s
