"""What a simulation is told, read and checked."""

import argparse
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from daemon.demo.simulator import sla
from daemon.demo.simulator.options import OPTIONS, OUTAGE_EXAMPLE, Option
from model.errors import UsageError
from model.units import Seconds

_LOOKS, _LEAST_LOOK_S = 40, 0.5


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for. Rates are a second. `given` is it as written, with defaults."""

    scenario: str
    nodes: int
    pods: int
    latency_s: float
    error_rate: float
    throttle_per_s: float
    outage_s: tuple[float, float] = (0.0, 1.0)
    node_failures_per_s: float
    period_s: float
    rest_s: float
    max_loop_time_s: Seconds
    cooldown_s: Seconds
    for_s: Seconds
    interval_s: Seconds
    port: int
    seed: int
    given: Mapping[str, object]
    demands: tuple[sla.Demand, ...]
    json: Path | None
    out: Path
    serve: bool  # until Ctrl-C, whatever `for_s` is

    @property
    def look_every_s(self) -> float:
        """Often enough that a short one can be judged, too."""
        if self.serve:
            return self.interval_s
        longest_s = max(_LEAST_LOOK_S, self.for_s / _LOOKS)
        return self.interval_s / math.ceil(self.interval_s / longest_s)  # so that a line is never late


def read(args: argparse.Namespace) -> Wanted:
    """Raises UsageError, which names the option, its value and the remedy."""
    if args.serve and args.for_s is not None:
        raise UsageError(
            f"--for {args.for_s} with --serve, which goes on until Ctrl-C", remedy="leave one of them out"
        )
    written = {one: getattr(args, one.name) or one.default for one in OPTIONS}
    values = {one.name: _read(one, text) for one, text in written.items() if text}
    wanted = Wanted(
        **values,
        given={**{one.flag: text for one, text in written.items()}, "sla": args.sla or []},
        demands=tuple(sla.demand(one) for one in args.sla or ()),
        json=args.json,
        out=args.out.absolute(),
        serve=args.serve,
    )
    for one in wanted.demands:
        sla.check(one, math.inf if wanted.serve else wanted.for_s)
    return wanted


def _read(option: Option, text: str) -> Any:
    try:
        value = option.read(text)
    except ValueError as error:
        example = option.default or OUTAGE_EXAMPLE
        raise UsageError(
            f"--{option.flag} {text}: needed is {error}", remedy=f"for example --{option.flag} {example}"
        ) from error
    if isinstance(value, int | float) and not option.least <= value <= option.most:
        raise UsageError(
            f"--{option.flag} {text} is out of bounds",
            remedy=f"from {option.written(option.least)} to {option.written(option.most)}",
        )
    return value
