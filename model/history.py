"""What iterations of a target usually take, to measure one against."""

import msgspec


class History(msgspec.Struct, frozen=True, kw_only=True):
    """Durations of healthy iterations in seconds, kept across restarts."""

    iterations: int  # that these figures are of
    median_s: float
    p90_s: float
    p99_s: float
    most_s: float
    recent: tuple[tuple[float, float], ...] = ()  # (ended, duration), monotonic, of this boot, oldest first
