"""What is demanded of a command's iterations, and whether it was kept."""

import re
from collections.abc import Callable

import msgspec

from daemon.exec.tally import Slow, Tally, percentile
from model.errors import UsageError
from model.units import Seconds

_FORM = "PERCENTILE, max or mean, and a time: p99=2s, p99.9=5s, max=10s, mean=500ms"
_WRITTEN = re.compile(r"(?P<what>p(?P<percent>\d{1,2}(?:\.\d{1,3})?)|max|mean)=(?P<limit>.+)")


class Demand(msgspec.Struct, frozen=True, kw_only=True):
    """One limit for all iterations together."""

    what: str  # as written: p99, max, mean
    limit_s: Seconds
    percent: float | None = None

    def __str__(self) -> str:
        return f"{self.what} within {self.limit_s}"

    def measure(self, durations_s: list[float]) -> float:
        """What it limits, of durations in order, of which there is one at least."""
        if self.percent is not None:
            return percentile(durations_s, self.percent)
        return durations_s[-1] if self.what == "max" else sum(durations_s) / len(durations_s)


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a demand was kept."""

    demand: str
    kind: str  # `sla`, `overrun` or `exit`
    broken: str = ""  # why it was not, in one line
    iterations: tuple[Slow, ...] = ()  # those that broke it
    threshold_s: float | None = None


def demand(written: str) -> Demand:
    """Read `p99=2s`; raises UsageError."""
    match = _WRITTEN.fullmatch(written)
    if match is None or match["percent"] in ("0", "00"):
        raise UsageError(f"--sla {written} is no demand", remedy=_FORM)
    try:
        limit_s = Seconds.parse(match["limit"])
    except ValueError as error:
        raise UsageError(f"--sla {written}: needed is {error}", remedy=_FORM) from error
    percent = match["percent"]
    return Demand(what=match["what"], limit_s=limit_s, percent=float(percent) if percent else None)


def of_durations(demand: Demand, tally: Tally) -> Judgement:
    """Whether the iterations kept it. None at all is no proof: then it is broken."""
    limit_s, durations_s = demand.limit_s, tally.durations_s()
    if not durations_s:
        return Judgement(demand=str(demand), kind="sla", broken="no iteration was seen to end")
    measured_s = demand.measure(durations_s)
    if measured_s <= limit_s:
        return Judgement(demand=str(demand), kind="sla", threshold_s=limit_s)
    why = f"{demand.what} of {tally.many} is {Seconds(measured_s)}, demanded are {limit_s}"
    return _broken(tally, str(demand), "sla", why, limit_s, lambda one: one.duration_s > limit_s)


def of_overruns(tally: Tally, threshold_s: float, *, heard: bool) -> Judgement:
    """Whether no iteration overran. Without any word of iterations that is broken, too."""
    name = f"no iteration longer than {Seconds(threshold_s)}"
    if not heard:
        return Judgement(demand=name, kind="overrun", broken="nothing was heard of iterations")
    if not tally.overruns:
        return Judgement(demand=name, kind="overrun", threshold_s=threshold_s)
    why = "1 iteration overran" if tally.overruns == 1 else f"{tally.overruns} iterations overran"
    return _broken(tally, name, "overrun", why, threshold_s, lambda one: one.overran)


def of_exit(code: int) -> Judgement:
    """Whether the command itself succeeded."""
    broken = f"it ended with {code}" if code else ""
    return Judgement(demand="the command ends with 0", kind="exit", broken=broken)


def _broken(
    tally: Tally, name: str, kind: str, why: str, threshold_s: float, guilty: Callable[[Slow], bool]
) -> Judgement:
    found = tuple(filter(guilty, tally.slowest()))
    return Judgement(demand=name, kind=kind, broken=why, iterations=found, threshold_s=threshold_s)
