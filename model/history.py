"""What iterations of a target usually take, to measure one against."""

import msgspec

from model.units import counted, duration

_MANY_TIMES = 10  # from which on a decimal says nothing


class History(msgspec.Struct, frozen=True, kw_only=True):
    """Durations of healthy iterations in seconds, kept across restarts."""

    iterations: int  # that these figures are of
    median_s: float
    p90_s: float
    p99_s: float
    most_s: float
    recent: tuple[tuple[float, float], ...] = ()  # (ended, duration), monotonic, of this boot, oldest first


def measured(history: History, duration_s: float) -> str:
    """A duration against the usual one: `40 times the median (300 ms, of 1,234 healthy iterations)`."""
    usual = f"{duration(history.median_s)}, of {counted_iterations(history.iterations)}"
    if history.median_s <= 0:
        return f"median {usual}"
    times = duration_s / history.median_s
    return f"{times:{',.0f' if times >= _MANY_TIMES else '.1f'}} times the median ({usual})"


def counted_iterations(count: int) -> str:
    """So many healthy iterations: `1 healthy iteration`, `1,234 healthy iterations`."""
    return counted(count, "healthy iteration").replace(str(count), f"{count:,}")
