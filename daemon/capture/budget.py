"""The harm budget: how often to sample, judged from the first look, then from what sampling really costs."""

import msgspec

from collectors.contract import Cost, Sampler
from model.units import Percent, counted

MAX_RATE_HZ, MIN_RATE_HZ = 100, 1
SEGMENT_S, SHORT_SEGMENT_S, LONG_SEGMENT_S = 5.0, 1.0, 15.0
ENDS_WITHIN_S = 1.5  # CPU time; who needs longer to begin and end is killed before its file is whole
AIM = 0.8  # of the budget: the rest is for looks, and for what is not foreseen
SEGMENT_SHARE = 0.25  # of the budget, for beginning and ending segments
CERTAIN = 0.5  # an estimate below so much of the budget needs no trial
FASTER = 2.0  # the most that one step makes a rate higher
ALIKE = 0.1  # rates so near are the same
MAX_BYTES_PER_S = 512 * 1024  # 16 MiB in half a minute
AT_FIRST = "at first, "  # begins the reason of a rate that was changed since

UNKNOWN = Cost(threads=50, frames=1000, known=False)  # taken for much: segments tell soon what it costs


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What taking stacks may cost: shares of one core, and of the target's time where it is paused."""

    cpu: float = 0.25
    pause: float = 0.01


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How often to sample, in segments of what length, and why; at 0 Hz looks must do."""

    rate_hz: int
    segment_s: float
    reason: str
    fixed: bool = False  # configured: not to be changed


def estimate(sampler: Sampler, cost: Cost, limits: Limits) -> Pace:
    """As many samples a second as the budgets pay for, as far as the first look tells."""
    sample_s, segment_s = sampler.sample_s(cost), sampler.segment_s(cost)
    if (asked_hz := sampler.asked_rate_hz()) is not None:
        pace = Pace(rate_hz=asked_hz, segment_s=SEGMENT_S, reason="configured", fixed=True)
        return _bounded_by_pauses(pace, sampler.pause_s(cost), limits.pause)
    size = f"{counted(cost.threads, 'thread')} with {counted(cost.frames, 'frame')}"
    size = f"not known, taken for {size}" if not cost.known else size
    size += f", about {sample_s * 1000:.3g} ms a sample"
    if segment_s > ENDS_WITHIN_S:
        reason = f"{size}: too much to record within {Percent(limits.cpu)} of a core; only looks were taken"
        return Pace(rate_hz=0, segment_s=LONG_SEGMENT_S, reason=reason)
    length_s = min(LONG_SEGMENT_S, max(SEGMENT_S, segment_s / (limits.cpu * SEGMENT_SHARE)))
    paid = (AIM * limits.cpu - segment_s / length_s) / sample_s
    rate_hz = max(MIN_RATE_HZ, min(MAX_RATE_HZ, int(paid)))
    within = f"stay within {Percent(limits.cpu)} of a core"
    reason = f"{size}: {rate_hz} Hz {within}" + (", with pauses between" if paid < MIN_RATE_HZ else "")
    if rate_hz * sample_s > CERTAIN * limits.cpu and segment_s < SHORT_SEGMENT_S * limits.cpu * SEGMENT_SHARE:
        length_s = SHORT_SEGMENT_S
    return _bounded_by_pauses(
        Pace(rate_hz=rate_hz, segment_s=length_s, reason=reason), sampler.pause_s(cost), limits.pause
    )


def _bounded_by_pauses(pace: Pace, pause_s: float, share: float) -> Pace:
    """No more samples a second than the target may be paused for."""
    if pause_s <= 0 or pace.rate_hz * pause_s <= share:
        return pace
    rate_hz = max(MIN_RATE_HZ, int(share / pause_s))
    reason = f"{rate_hz} Hz of {pause_s * 1000:.2g} ms each pause the target for {Percent(share)} of the time"
    return msgspec.structs.replace(pace, rate_hz=rate_hz, reason=f"{pace.reason}, but {reason}")


class Spent(msgspec.Struct, frozen=True, kw_only=True):
    """What a segment took, begun and ended, with the looks at the same time."""

    wall_s: float
    cpu_s: float
    looks_s: float = 0.0
    size_bytes: int = 0


class Account:
    """CPU time spent and allowed since a capture began."""

    def __init__(self, share: float, began_s: float) -> None:
        self._share = share
        self._began_s = began_s
        self.spent_s = 0.0

    def spend(self, cpu_s: float) -> None:
        """Add what a sampler took."""
        self.spent_s += cpu_s

    def rest_s(self, now_s: float) -> float:
        """For how long to do nothing, so that the budget holds again."""
        return max(0.0, self.spent_s / self._share - (now_s - self._began_s))

    def allowed(self, now_s: float) -> float:
        """The share for the next segment: what it is meant to be, less what is owed already."""
        owed = self.rest_s(now_s) * self._share / SEGMENT_S
        return max(self._share / 4, AIM * self._share - owed)

    def gross(self, cpu_s: float, elapsed_s: float, segment_s: float) -> bool:
        """Whether a running segment takes so much more than it may that it should be ended at once."""
        return cpu_s > 0.1 + segment_s + 2 * self._share * elapsed_s


def adjusted(pace: Pace, spent: Spent, share: float, segment_s: float) -> Pace:
    """The pace after a segment that took so much, of which `segment_s` for its beginning and end."""
    if pace.fixed or not pace.rate_hz or spent.wall_s <= 0:
        return pace
    once_s = min(segment_s, 0.8 * spent.cpu_s)
    sample_s = max(1e-6, (spent.cpu_s - once_s) / (spent.wall_s * pace.rate_hz))
    length_s = max(SEGMENT_S, pace.segment_s)
    free = share - spent.looks_s / spent.wall_s - once_s / length_s
    wanted = max(free, share / 4) / sample_s
    if spent.size_bytes:
        wanted = min(wanted, MAX_BYTES_PER_S * spent.wall_s * pace.rate_hz / spent.size_bytes)
    rate_hz = int(max(MIN_RATE_HZ, min(MAX_RATE_HZ, pace.rate_hz * FASTER, wanted)))
    if abs(rate_hz - pace.rate_hz) <= ALIKE * pace.rate_hz:
        rate_hz = pace.rate_hz
    reason = pace.reason
    if rate_hz != pace.rate_hz and not reason.startswith(AT_FIRST):
        reason = AT_FIRST + reason
    return msgspec.structs.replace(pace, rate_hz=rate_hz, segment_s=length_s, reason=reason)
