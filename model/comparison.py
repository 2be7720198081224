"""How a stalled iteration differs from healthy ones."""

from enum import StrEnum

import msgspec


class Doing(StrEnum):
    """Whether a thread worked, waited, or nobody could tell."""

    ON_CPU = "on_cpu"
    WAITING = "waiting"
    UNKNOWN = "unknown"


class Healthy(msgspec.Struct, frozen=True, kw_only=True):
    """What a comparison is with."""

    iterations: int  # of late: old ones fade
    sampled_s: float  # the same
    since: str  # RFC 3339
    until: str
    sampler: str
    code_version: str = ""


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """One function in one group of threads, doing one thing: shares are of the group's sampled time."""

    thread: str  # the group: thread names with their numbers left out
    doing: Doing
    function: str
    file: str
    stalled_share: float  # 0: only in healthy iterations
    healthy_share: float  # 0: only in the stalled one
    stalled_s: float
    healthy_s: float  # of a healthy iteration, on average


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """A stalled iteration against healthy ones; what moved most comes first, in both directions."""

    healthy: Healthy
    times_median: float | None = None  # the iteration's duration against the median of healthy ones
    moved: tuple[Moved, ...] = ()
