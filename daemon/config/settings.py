"""What can be configured: each option with its type, its default, its bounds and what it does."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from collectors.contract import Collector, Sampler
from daemon.config import rules
from daemon.config.names import Address, LabelName, LabelValue, Name
from daemon.config.parts import COLLECTOR_FAMILY, SINK_FAMILY, Family, family
from daemon.config.parts import Part as Part
from daemon.config.selector import Selector as Selector
from daemon.config.unix import Unix
from daemon.sources import SOURCES
from daemon.sources.contract import Source
from daemon.sources.heartbeat import Heartbeat
from model.units import ByteSize, Percent, Seconds
from sinks.contract import Sink

SOURCE_FAMILY: Family[Source] = family("source", SOURCES)


def _default_sources() -> tuple[Part[Source], ...]:
    return (Part(kind="heartbeat", name="heartbeat", options=Heartbeat()),)


def _default_collectors() -> tuple[Part[Collector | Sampler], ...]:
    from collectors.pyspy import PySpy  # here, and not above: loaded only where it is used

    return (Part(kind="pyspy", name="pyspy", options=PySpy()),)


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A process to watch, and when and how to look at it."""

    name: Annotated[Name, Meta(description="What it is called: in heartbeats, metrics, reports and paths.")]
    process: Annotated[Selector, Meta(description="Which process it is.")]
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
    collection_time: Annotated[
        Seconds, Meta(ge=0.1, le=3600, description="How long evidence is collected after an overrun.")
    ] = Seconds(30)
    cooldown: Annotated[
        Seconds, Meta(description="After an overrun was captured, others are not for this long.")
    ] = Seconds(900)
    captures_per_hour: Annotated[
        int, Meta(ge=1, le=3600, description="The most captures within any hour, those by hand included.")
    ] = 4
    collectors: Annotated[
        tuple[Part[Collector | Sampler], ...],
        COLLECTOR_FAMILY,
        Meta(min_length=1, description="What evidence is taken."),
    ] = msgspec.field(default_factory=_default_collectors)
    sampler: Annotated[
        Literal["auto", "pyspy", "austin"],
        Meta(description="Which program samples stacks. `auto`: for each capture, what samples more often."),
    ] = "auto"
    cpu_budget: Annotated[
        Percent,
        Meta(ge=0.01, le=1, description="The CPU that sampling may take, of one core; the rate follows."),
    ] = Percent(0.25)
    pause_budget: Annotated[
        Percent,
        Meta(ge=0.001, le=0.5, description="How much of the time `blocking` may pause the target."),
    ] = Percent(0.01)

    @property
    def threshold_s(self) -> float:
        """After how long an iteration has overrun: as configured, else as a source's preset has it."""
        return next((time_s for time_s in self._thresholds() if time_s is not None), 0.0)

    def _thresholds(self) -> Iterator[float | None]:
        yield self.max_loop_time
        for part in self.iterations:
            yield part.options.loop_rules().max_loop_time_s

    @staticmethod
    def demands(given: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
        """A threshold, unless a source knows one; what is faulty comes as None."""
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


class Control(msgspec.Struct, frozen=True, kw_only=True):
    """Who may talk to the control listener (`listen`)."""

    token_sha256: Annotated[
        str | None,
        Meta(
            pattern=r"^[0-9a-f]{64}$",
            extra={"rule": "the SHA-256 of the token, 64 digits of 0-9a-f", "hidden": True},
            description="Requests need `Authorization: Bearer TOKEN`, where this is the token's SHA-256: "
            '`printf %s "$TOKEN" | sha256sum`.',
        ),
    ] = None
    tls_cert: Annotated[Path | None, Meta(description="The certificate chain (PEM).")] = None
    tls_key: Annotated[Path | None, Meta(description="Its private key (PEM).")] = None
    allow_insecure: Annotated[
        bool, Meta(description="Permit an address that others can reach without token or TLS.")
    ] = False
    allowed_hosts: Annotated[
        tuple[Annotated[str, Meta(min_length=1)], ...],
        Meta(description="Host names that requests may address, besides the loopback's and `listen`."),
    ] = ()

    def check(self) -> Iterable[tuple[str, str, str]]:
        """A certificate and a key, or neither."""
        for one, other in (("tls_cert", "tls_key"), ("tls_key", "tls_cert")):
            if getattr(self, one) is not None and getattr(self, other) is None:
                yield other, "missing", f"needed together with {one}"


class Spool(msgspec.Struct, frozen=True, kw_only=True):
    """Where reports wait until every sink has them."""

    path: Annotated[Path, Meta(description="The folder, on a disk that outlives the daemon.")] = Path(
        "/var/lib/loopcam/spool"
    )
    max_bytes: Annotated[
        ByteSize,
        Meta(ge=2**20, description="The most it may hold; the oldest delivered reports go first."),
    ] = ByteSize(2 * 2**30)
    max_reports: Annotated[int, Meta(ge=1, description="The most reports it may hold.")] = 1000


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that one daemon is told."""

    listen: Annotated[
        Address, Meta(description="Where control, heartbeats, metrics and the page are served.")
    ] = "127.0.0.1:8686"
    metrics_listen: Annotated[
        Address | None,
        Meta(description="A second address with `/metrics`, `/healthz` and `/readyz` only, without a token."),
    ] = None
    unix: Annotated[
        Unix | None, Meta(description="Unix sockets for heartbeats, and for control by our own user.")
    ] = None
    control: Annotated[Control, Meta(description="Who may talk to `listen`.")] = Control()
    spool: Annotated[Spool, Meta(description="Where reports wait until every sink has them.")] = Spool()
    shutdown_grace: Annotated[
        Seconds, Meta(le=3600, description="How long a stopping daemon may still deliver.")
    ] = Seconds(25)
    labels: Annotated[
        dict[LabelName, LabelValue],
        Meta(description="Who this is: goes into every capture, manifest and stored object."),
    ] = {}
    capture_disabled_file: Annotated[
        Path | None, Meta(description="While this file exists, nothing is attached to.")
    ] = None
    captures_at_once: Annotated[
        int, Meta(ge=1, le=64, description="How many captures may run at the same time, over all targets.")
    ] = 1
    targets: Annotated[tuple[Target, ...], Meta(min_length=1, description="What is watched.")]
    sinks: Annotated[
        tuple[Part[Sink], ...],
        SINK_FAMILY,
        Meta(
            min_length=1,
            description="Where reports are stored. Left out: in the folder `reports` beside the spool.",
        ),
    ] = ()

    def __post_init__(self) -> None:
        if not self.sinks:
            from sinks.file import File  # here, and not above: loaded only where it is used

            beside = File(path=self.spool.path.parent / "reports")
            msgspec.structs.force_setattr(self, "sinks", (Part(kind="file", name="file", options=beside),))

    def check(self) -> Iterable[tuple[str, str, str]]:
        """Rules across the whole configuration."""
        guarded = self.control.token_sha256 is not None and self.control.tls_cert is not None
        guarded = guarded or self.control.allow_insecure
        yield from rules.listeners(self.listen, self.metrics_listen, guarded=guarded)
        yield from self._peers()
        sources = [part.options for target in self.targets for part in target.iterations]
        yield from rules.standard_input(sources)
        yield from rules.target_names([target.name for target in self.targets])
        yield from rules.file_sinks(self.sinks, self.spool.path)
        yield from rules.sink_labels(self.sinks, frozenset(self.labels))
        if self.spool.max_reports < len(self.targets):
            yield "spool.max_reports", str(self.spool.max_reports), "at least one for each target"

    def _peers(self) -> Iterator[tuple[str, str, str]]:
        for place, target in enumerate(self.targets):
            if target.process.peer and self.unix is None:
                rule = "needs a socket where peers can be known: set unix.datagram or unix.http"
                yield f"targets[{place}].process.peer", "true", rule
            if target.process.peer and "heartbeat" not in [part.kind for part in target.iterations]:
                rule = "needs the source heartbeat, whose sender is the target"
                yield f"targets[{place}].process.peer", "true", rule
