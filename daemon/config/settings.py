"""What can be configured: each option with its type, its default, its bounds and what it does."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from daemon.config import rules
from daemon.config.names import Address, LabelName, LabelValue
from daemon.config.parts import NOTIFICATION_FAMILY, SINK_FAMILY
from daemon.config.parts import Part as Part
from daemon.config.selector import Selector as Selector
from daemon.config.target import Target as Target
from daemon.config.unix import Unix
from model.units import ByteSize, Seconds
from sinks.contract import Sink
from sinks.notification import Notification


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
        Address | None,
        Meta(
            description="Where control, heartbeats, metrics and the page are served. `null`: at `unix.http` "
            "only."
        ),
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

    notifications: Annotated[
        tuple[Part[Notification], ...],
        NOTIFICATION_FAMILY,
        Meta(description="Who is told of reports: once accepted, and again when stored."),
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
        if self.listen is None and (self.unix is None or self.unix.http is None):
            yield "listen", "null", "nothing would take commands: set unix.http, or leave `listen` out"
        yield from self._peers()
        sources = [part.options for target in self.targets for part in target.iterations]
        yield from rules.standard_input(sources)
        yield from rules.target_names([target.name for target in self.targets])
        yield from rules.file_sinks(self.sinks, self.spool.path)
        yield from rules.sink_labels(self.sinks, frozenset(self.labels))
        names = frozenset(part.name for part in self.sinks)
        yield from rules.notifications(self.notifications, names, frozenset(self.labels))
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
