"""What is demanded of a simulation, and whether it was kept."""

import re
from collections.abc import Callable
from typing import Any

import msgspec

from daemon.demo.simulator.course import FEWEST_LOOKS, Course
from daemon.exec import demands
from model.errors import UsageError
from model.units import ByteSize, Percent, Seconds

SLOPE_NEEDS_S = 600.0
_PER_HOUR = "/h"
FORM = (
    "iterations: p99=2s, max=10s, mean=500ms (any percentile); overruns=0, failed=0 (iterations given up), "
    "missed=0 (overruns that the daemon did not see), undelivered=0 (reports); the daemon: growth=6MiB, "
    "growth=1MiB/h, descriptors=2 (more than before), zombies=0, cpu=1%"
)


class Demand(msgspec.Struct, frozen=True, kw_only=True):
    """One limit: a measured value must not be above it."""

    written: str
    limit: float
    measure: Callable[[Course], float]
    shown: Callable[[float], str]
    needs_iterations: bool = True
    needs_looks: bool = False
    needs_s: float = 0.0


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a demand was kept; `measured` is in words."""

    demand: str
    measured: str
    kept: bool


def _counted(measure: Callable[[Course], float]) -> Callable[[str, str], dict[str, Any]]:
    def read(name: str, limit: str) -> dict[str, Any]:
        if not re.fullmatch(r"[0-9]{1,9}", limit):
            raise ValueError("a whole number such as 0, 5")
        return {"limit": int(limit), "measure": measure, "shown": lambda value: f"{value:g}"}

    return read


def _at_rest(measure: Callable[[Course], float]) -> Callable[[str, str], dict[str, Any]]:
    return lambda name, limit: {**_of_daemon(measure)(name, limit), "needs_looks": True}


def _of_daemon(measure: Callable[[Course], float]) -> Callable[[str, str], dict[str, Any]]:
    return lambda name, limit: {**_counted(measure)(name, limit), "needs_iterations": False}


def _growth(name: str, limit: str) -> dict[str, Any]:
    steady = limit.endswith(_PER_HOUR)
    return {
        "limit": ByteSize.parse(limit.removesuffix(_PER_HOUR)),
        "measure": Course.growth_bytes_per_h if steady else Course.growth_bytes,
        "shown": lambda value: signed(value) + (_PER_HOUR if steady else ""),
        "needs_iterations": False,
        "needs_looks": True,
        "needs_s": SLOPE_NEEDS_S if steady else 0.0,
    }


def _cpu(name: str, limit: str) -> dict[str, Any]:
    return {
        "limit": Percent.parse(limit),
        "measure": Course.cpu_share,
        "shown": lambda value: str(Percent(value)),
        "needs_iterations": False,
        "needs_looks": True,
    }


_KINDS: dict[str, Callable[[str, str], dict[str, Any]]] = {
    "overruns": _counted(lambda course: course.looks[-1].seen.overruns),
    "failed": _counted(lambda course: course.failed),
    "missed": _counted(lambda course: course.missed),
    "undelivered": _of_daemon(lambda course: course.looks[-1].seen.undelivered),
    "zombies": _of_daemon(Course.zombies),
    "descriptors": _at_rest(Course.growth_descriptors),
    "growth": _growth,
    "cpu": _cpu,
}


def demand(written: str) -> Demand:
    """Read `p99=2s` or `growth=1MiB/h`; raises UsageError."""
    name, _, limit = written.partition("=")
    if name not in _KINDS:
        return _of_durations(written)
    try:
        return Demand(written=written, **_KINDS[name](name, limit))
    except ValueError as error:
        raise UsageError(f"--sla {written}: needed is {error}", remedy=FORM) from error


def _of_durations(written: str) -> Demand:
    try:
        read = demands.demand(written)
    except UsageError as error:
        raise UsageError(str(error), remedy=FORM) from error
    return Demand(
        written=written,
        limit=read.limit_s,
        measure=lambda course: read.measure(course.durations_s()),
        shown=lambda value: str(Seconds(value)),
    )


def check(demanded: Demand, for_s: float) -> None:
    """Raises UsageError where a simulation of this length proves nothing."""
    if for_s < demanded.needs_s:
        raise UsageError(
            f"--sla {demanded.written}: no slope can be told within {Seconds(for_s)}",
            remedy=f"--for {Seconds(demanded.needs_s)} or longer, or a growth as a whole: --sla growth=6MiB",
        )


def judge(demanded: Demand, course: Course) -> Judgement:
    """Whether it was kept. What could not be measured is no proof: then it is broken."""
    if demanded.needs_iterations and not course.iterations:
        return Judgement(demand=demanded.written, measured="no iteration ended", kept=False)
    if demanded.needs_looks and not course.settled:
        few = f"{len(course.looks)} looks, and {FEWEST_LOOKS} are needed"
        return Judgement(demand=demanded.written, measured=few, kept=False)
    value = demanded.measure(course)
    return Judgement(demand=demanded.written, measured=demanded.shown(value), kept=value <= demanded.limit)


def signed(value_bytes: float) -> str:
    """A difference of sizes: `+1.5 MiB`."""
    return f"{'-' if value_bytes < 0 else '+'}{ByteSize(abs(round(value_bytes)))}"
