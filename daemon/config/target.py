"""What can be configured of one target."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from collectors.contract import Collector, Sampler
from daemon.config import rules
from daemon.config.dashcam import Dashcam
from daemon.config.names import DNS, Name, TargetAddress, split_address
from daemon.config.parts import COLLECTOR_FAMILY, Family, Part, family
from daemon.config.selector import Selector
from daemon.sources import SOURCES
from daemon.sources.contract import Source
from daemon.sources.heartbeat import Heartbeat
from daemon.triggers import TRIGGERS
from daemon.triggers.contract import TriggerOptions
from fetch.access import Access, Endpoint
from model.units import Percent, Seconds

SOURCE_FAMILY: Family[Source] = family("source", SOURCES)
TRIGGER_FAMILY: Family[TriggerOptions] = family("trigger", TRIGGERS)


def _default_sources() -> tuple[Part[Source], ...]:
    return (Part(kind="heartbeat", name="heartbeat", options=Heartbeat()),)


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A process to watch, and when and how to look at it."""

    name: Annotated[Name, Meta(description="What it is called: in heartbeats, metrics, reports and paths.")]
    process: Annotated[
        Selector, Meta(description="Which process it is. **Needed**, unless there is an `address`.")
    ] = Selector()
    address: Annotated[
        tuple[TargetAddress, ...],
        Meta(
            max_length=256,
            extra={"or_one": True},
            description="Where its HTTP is, as HOST:PORT. Without `process`, it may be several, or "
            "`dns:NAME:PORT`, and there is a target for each address, called NAME-ADDRESS.",
        ),
    ] = ()
    address_refresh: Annotated[
        Seconds, Meta(ge=1, le=3600, description="How often the names in `address` are looked up again.")
    ] = Seconds(30)
    http: Annotated[Access, Meta(description="How its HTTP is reached.")] = Access()
    iterations: Annotated[
        tuple[Part[Source], ...],
        SOURCE_FAMILY,
        Meta(
            min_length=1,
            description="How loopcam learns of iterations; the first that hears something decides.",
        ),
    ] = msgspec.field(default_factory=_default_sources)
    max_loop_time: Annotated[
        Seconds | None,
        Meta(
            ge=0.01,
            description="An iteration that is still in flight after this long has overrun. **Needed**, but "
            "with a preset that has one.",
        ),
    ] = None
    first_loop_time: Annotated[
        Seconds | None,
        Meta(description="The same for the first iteration of a process. Left out: `max_loop_time`."),
    ] = None
    killed_after: Annotated[
        Seconds | None,
        Meta(
            gt=0,
            description="How old an iteration gets before a liveness probe has the target killed: captures "
            "that would not end before are warned of. Left out: as a preset has it.",
        ),
    ] = None
    triggers: Annotated[
        tuple[Part[TriggerOptions], ...],
        TRIGGER_FAMILY,
        Meta(max_length=32, description="What else brings a capture. Left out: nothing but the overrun."),
    ] = ()
    collection_time: Annotated[
        Seconds, Meta(ge=0.1, le=3600, description="How long evidence is collected after an overrun.")
    ] = Seconds(30)
    cooldown: Annotated[
        Seconds, Meta(description="After an overrun was captured, others are not for this long.")
    ] = Seconds(900)
    captures_per_hour: Annotated[
        int, Meta(ge=1, le=3600, description="The most captures within any hour, those by hand included.")
    ] = 4
    captures_per_signature: Annotated[
        int,
        Meta(
            ge=1,
            le=3600,
            description="The most captures of one stall within any hour, told by its stacks at the first "
            "look: what reports show already leaves the rest of `captures_per_hour` to other stalls.",
        ),
    ] = 2
    collectors: Annotated[
        tuple[Part[Collector | Sampler], ...],
        COLLECTOR_FAMILY,
        Meta(
            min_length=1,
            description="What evidence is taken. Left out: `pyspy` and `host` of a process, `pprof` of an "
            "address.",
        ),
    ] = ()
    sampler: Annotated[
        Literal["auto", "pyspy", "austin"],
        Meta(description="Which program samples stacks. `auto`: for each capture, what samples more often."),
    ] = "auto"
    dashcam: Annotated[
        Dashcam,
        Meta(
            description="Sampling before an overrun, for the lead-up: `off`, `adaptive`, `continuous`, or a "
            "group of options."
        ),
    ] = Dashcam()
    cpu_budget: Annotated[
        Percent,
        Meta(ge=0.01, le=1, description="The CPU that sampling may take, of one core; the rate follows."),
    ] = Percent(0.25)
    pause_budget: Annotated[
        Percent,
        Meta(ge=0.001, le=0.5, description="How much of the time `blocking` may pause the target."),
    ] = Percent(0.01)

    def __post_init__(self) -> None:
        if not self.collectors:
            kinds = ("pyspy", "host") if self.process.given or not self.address else ("pprof",)
            parts = (Part(kind=kind, name=kind, options=COLLECTOR_FAMILY.find(kind)()) for kind in kinds)
            msgspec.structs.force_setattr(self, "collectors", tuple(parts))

    @property
    def endpoint(self) -> Endpoint | None:
        """Where its HTTP is, if that is one place."""
        if len(self.address) != 1 or self.address[0].startswith(DNS):
            return None
        host, port = split_address(self.address[0])
        return Endpoint(host=host, port=port, access=self.http)

    @property
    def threshold_s(self) -> float:
        """After how long an iteration has overrun: as configured, else as a source's preset has it."""
        return next((time_s for time_s in self._thresholds() if time_s is not None), 0.0)

    def _thresholds(self) -> Iterator[float | None]:
        yield self.max_loop_time
        for part in self.iterations:
            yield part.options.loop_rules().max_loop_time_s

    @property
    def killed_after_s(self) -> float | None:
        """The age at which an iteration has the target killed: as configured, else as a preset has it."""
        known = (self.killed_after, *(part.options.loop_rules().killed_after_s for part in self.iterations))
        return next((time_s for time_s in known if time_s is not None), None)

    @staticmethod
    def demands(given: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
        """A place, and a threshold unless a source knows one; what is faulty comes as None."""
        process = given.get("process", Selector())
        if "address" not in given and process is not None and not process.given:
            yield "process", "needed: which process it is, or where its HTTP is (`address`)"
        if "address" in given and "process" not in given and "iterations" not in given:
            yield "iterations", "needed with an address alone: `- metrics: {preset: ...}`, or another source"
        parts = given.get("iterations", ())
        known = "max_loop_time" in given or parts is None
        if not known and not any(part.options.loop_rules().max_loop_time_s for part in parts):
            yield "max_loop_time", "needed: how long an iteration may take, such as 2m"

    def check(self) -> Iterable[tuple[str, str, str]]:
        """Times that go together, one heartbeat source, and samplers that can be meant."""
        if len([part for part in self.iterations if part.kind == "heartbeat"]) > 1:
            yield "iterations", "heartbeat", "one source `heartbeat` a target"
        if self.cooldown < self.collection_time:
            yield "cooldown", str(self.cooldown), f"at least collection_time ({self.collection_time})"
        if self.first_loop_time is not None and self.first_loop_time < self.threshold_s:
            rule = f"at least max_loop_time ({Seconds(self.threshold_s)})"
            yield "first_loop_time", str(self.first_loop_time), rule
        yield from rules.samplers(self.sampler, self.collectors)
        yield from rules.places(self)
        yield from rules.triggers(self)
