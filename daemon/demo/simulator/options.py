"""The options of a simulation, and how they are written."""

import re
from collections.abc import Callable
from typing import Any

import msgspec

from daemon.demo.simulator.scenario import SCENARIOS
from model.units import Percent, Seconds

_UNITS_S = {"s": 1.0, "m": 60.0, "h": 3600.0}
RATE = "a rate such as 5/s, 2/m, 1/h"
OUTAGE_EXAMPLE = "30s/10m"
OUTAGE = f"a length and how often, such as {OUTAGE_EXAMPLE}, the second longer than the first"


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """One option. `read` gives its value, or raises ValueError with the rule; `least` and `most` bound it."""

    flag: str
    name: str
    metavar: str
    default: str
    meaning: str
    read: Callable[[str], Any]
    least: float = 0.0
    most: float = 1e9

    def written(self, value: float) -> str:
        """A bound, as one writes it."""
        if self.read == Seconds.parse:
            return str(Seconds(value))
        if self.read == Percent.parse:
            return str(Percent(value))
        return f"{value:g}" + ("/s" if self.read is rate else "")


def rate(text: str) -> float:
    """Read `5/s`, in times a second; 0 is never."""
    match = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)/([smh])", text)
    if match is None:
        raise ValueError(RATE)
    return float(match[1]) / _UNITS_S[match[2]]


def outage(text: str) -> tuple[float, float]:
    """Read `30s/10m`: how long, and in each stretch of how long."""
    length, _, every = text.partition("/")
    try:
        length_s, every_s = Seconds.parse(length), Seconds.parse(every)
    except ValueError as error:
        raise ValueError(OUTAGE) from error
    if not 0 < length_s < every_s:
        raise ValueError(OUTAGE)
    return length_s, every_s


def _whole(text: str) -> int:
    if not re.fullmatch("-?[0-9]{1,9}", text):
        raise ValueError("a whole number")
    return int(text)


def _scenario(text: str) -> str:
    if text not in SCENARIOS:
        raise ValueError(f"one of {', '.join(SCENARIOS)}")
    return text


OPTIONS = (
    Option(
        flag="scenario",
        name="scenario",
        metavar="NAME",
        default="churn",
        meaning="what the cluster's users do",
        read=_scenario,
    ),
    Option(
        flag="nodes",
        name="nodes",
        metavar="N",
        default="20",
        meaning="the cluster's size while all pods run",
        read=_whole,
        least=1,
        most=5000,
    ),
    Option(
        flag="pods",
        name="pods",
        metavar="N",
        default="300",
        meaning="the most pods",
        read=_whole,
        least=1,
        most=100_000,
    ),
    Option(
        flag="api-latency",
        name="latency_s",
        metavar="TIME",
        default="20ms",
        meaning="how long the API takes for an answer, about",
        read=Seconds.parse,
        most=60,
    ),
    Option(
        flag="error-rate",
        name="error_rate",
        metavar="SHARE",
        default="0%",
        meaning="answers that are errors, 500 or 503",
        read=Percent.parse,
        most=0.9,
    ),
    Option(
        flag="throttle",
        name="throttle_per_s",
        metavar="RATE",
        default="0/s",
        meaning="calls that the API takes, others get 429; 0/s: all",
        read=rate,
        most=100_000,
    ),
    Option(
        flag="outage",
        name="outage_s",
        metavar="TIME/TIME",
        default="",
        meaning="the API cannot be reached for so long, once in each so long",
        read=outage,
    ),
    Option(
        flag="node-failures",
        name="node_failures_per_s",
        metavar="RATE",
        default="0/m",
        meaning="nodes that fail",
        read=rate,
        most=10,
    ),
    Option(
        flag="period",
        name="period_s",
        metavar="TIME",
        default="5m",
        meaning="in which the scenario goes once round",
        read=Seconds.parse,
        least=5,
        most=86400,
    ),
    Option(
        flag="rest",
        name="rest_s",
        metavar="TIME",
        default="1s",
        meaning="the loop's rest between iterations",
        read=Seconds.parse,
        least=0.01,
        most=3600,
    ),
    Option(
        flag="max-loop-time",
        name="max_loop_time_s",
        metavar="TIME",
        default="2s",
        meaning="how long an iteration may take",
        read=Seconds.parse,
        least=0.05,
        most=3600,
    ),
    Option(
        flag="cooldown",
        name="cooldown_s",
        metavar="TIME",
        default="10s",
        meaning="after a capture, none for so long",
        read=Seconds.parse,
        least=0.1,
        most=86400,
    ),
    Option(
        flag="for",
        name="for_s",
        metavar="TIME",
        default="1m",
        meaning="how long it goes on",
        read=Seconds.parse,
        least=2,
        most=864000,
    ),
    Option(
        flag="interval",
        name="interval_s",
        metavar="TIME",
        default="10s",
        meaning="how often it says how it goes",
        read=Seconds.parse,
        least=0.5,
        most=86400,
    ),
    Option(
        flag="port",
        name="port",
        metavar="PORT",
        default="0",
        meaning="the daemon's; 0: any that is free",
        read=_whole,
        most=65535,
    ),
    Option(
        flag="seed",
        name="seed",
        metavar="N",
        default="1",
        meaning="of all chance: the same one, the same faults",
        read=_whole,
    ),
)
