"""The options of the source `metrics`."""

from collections.abc import Iterable
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from daemon.sources.contract import LoopRules, Source
from daemon.sources.metrics.presets import PRESETS, PresetName
from daemon.sources.metrics.series import Series
from model.units import ByteSize, Seconds

_SHARE_OF_INTERVAL = 0.8

SelectorText = Annotated[str, Meta(min_length=1, max_length=1000)]


class Metrics(Source, frozen=True, kw_only=True):
    """The target's Prometheus endpoint tells when its iterations start and end."""

    needs_address: ClassVar[bool] = True

    preset: Annotated[
        PresetName | None,
        Meta(description="The series of a well-known loop; what is written beside it wins."),
    ] = None
    start: Annotated[
        SelectorText | None,
        Meta(description="The gauge of when the last iteration started (Unix time). With `end`."),
    ] = None
    end: Annotated[
        SelectorText | None,
        Meta(
            description="The counter that grows at each end. Of a histogram or summary it is the `_count`; "
            "the `_sum` tells how long they took. Without `start`, an overrun follows from silence."
        ),
    ] = None
    in_flight_seconds: Annotated[
        tuple[SelectorText, ...],
        Meta(
            max_length=16,
            extra={"or_one": True},
            description="Gauges of the seconds for which something has been in flight; each series is a loop "
            "of its own, side by side with the others.",
        ),
    ] = ()
    iteration: Annotated[
        str | None,
        Meta(
            pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$",
            extra={"rule": "the name of a label"},
            description="The label of `in_flight_seconds` that is another for each iteration, which is then "
            "in flight while its series is there.",
        ),
    ] = None
    unanswered: Annotated[
        bool,
        Meta(
            description="No series: a target that does not answer is the iteration in flight. As a second "
            "source, it decides while the first hears nothing."
        ),
    ] = False
    idle_allowance: Annotated[
        Seconds | None,
        Meta(
            ge=0,
            description="The longest healthy pause between two iterations. Needed with `end`, but with a "
            "preset that has one.",
        ),
    ] = None
    path: Annotated[
        str,
        Meta(
            pattern=r"^/[!-~]*$",
            max_length=1000,
            extra={"rule": "a path, with its query, that begins with /"},
            description="Where the exposition is.",
        ),
    ] = "/metrics"
    port: Annotated[
        int | None, Meta(ge=1, le=65535, description="Another port of the same host than the address has.")
    ] = None
    interval: Annotated[Seconds, Meta(ge=0.1, le=600, description="How often it is asked.")] = Seconds(5)
    deadline: Annotated[
        Seconds | None,
        Meta(
            ge=0.05,
            description="How long an answer may take, to its last byte; at most 80% of `interval`. Left out: "
            "half of it.",
        ),
    ] = None
    max_bytes: Annotated[
        ByteSize, Meta(ge=1024, le=2**30, description="A larger answer is not read to its end, and not used.")
    ] = ByteSize(64 * 2**20)

    def __post_init__(self) -> None:
        """Built in Python, too, one text is a list of one, and never its characters."""
        if isinstance(self.in_flight_seconds, str):
            msgspec.structs.force_setattr(self, "in_flight_seconds", (self.in_flight_seconds,))

    @property
    def series(self) -> Series:
        """The preset's series and rules, with what is written beside it in their place."""
        base = PRESETS[self.preset] if self.preset else Series()
        written = {
            "start": self.start,
            "end": self.end,
            "in_flight_seconds": self.in_flight_seconds or None,
            "iteration": self.iteration,
            "idle_allowance_s": self.idle_allowance,
        }
        given = {name: value for name, value in written.items() if value is not None}
        return msgspec.structs.replace(base, **given)

    @property
    def deadline_s(self) -> float:
        """How long an answer may take."""
        return self.interval / 2 if self.deadline is None else self.deadline

    def loop_rules(self) -> LoopRules:
        """As its series tell; what happens is seen when the next answer is there."""
        return self.series.loop_rules(self.interval + self.deadline_s)

    def check(self) -> Iterable[tuple[str, str, str]]:
        """Series in one form, which can be read; an allowance where it counts; time for an answer."""
        from daemon.sources.metrics import (
            checks,
        )  # here, and not above: only reading a configuration needs it

        yield from checks.broken(self)
        if self.deadline_s > _SHARE_OF_INTERVAL * self.interval:
            most = Seconds(_SHARE_OF_INTERVAL * self.interval)
            yield "deadline", str(Seconds(self.deadline_s)), f"at most 80% of interval: {most}"
