"""Rules across options: each yields (option, value without secrets, rule)."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from collectors.contract import Collector, Sampler
from daemon.config.names import is_loopback, is_unspecified, split_address
from daemon.config.parts import Part
from daemon.sources.contract import Source
from daemon.sources.log.where import STANDARD_INPUT, Where
from sinks.contract import Sink
from sinks.notification import Notification

if TYPE_CHECKING:
    from daemon.config.target import Target

Broken = tuple[str, str, str]
HIGHEST_PORT = 65535


def listeners(listen: str | None, metrics_listen: str | None, *, guarded: bool) -> Iterator[Broken]:
    """Control on loopback or `guarded`, and two addresses that do not meet."""
    for option, address in (("listen", listen), ("metrics_listen", metrics_listen)):
        if address is not None and split_address(address)[1] > HIGHEST_PORT:
            yield option, address, f"a port is at most {HIGHEST_PORT}"
    if listen is None:
        return
    if not guarded and not is_loopback(split_address(listen)[0]):
        rule = "others can reach it: set control.token_sha256, control.tls_cert and control.tls_key"
        yield "listen", listen, f"{rule}; or listen on 127.0.0.1; or control.allow_insecure: true"
    if metrics_listen is not None and _meet(listen, metrics_listen):
        yield "metrics_listen", metrics_listen, f"taken by listen ({listen}): give it another port"


def _meet(one: str, other: str) -> bool:
    (host, port), (other_host, other_port) = split_address(one), split_address(other)
    same_host = host == other_host or is_unspecified(host) or is_unspecified(other_host)
    return same_host and port == other_port != 0


def target_names(names: Sequence[str]) -> Iterator[Broken]:
    """Every target has a name of its own."""
    for place, name in enumerate(names):
        if name in names[:place]:
            yield f"targets[{place}].name", name, f"taken by targets[{names.index(name)}]: choose another"


def file_sinks(sinks: Sequence[Part[Sink]], spool: Path) -> Iterator[Broken]:
    """Folders of file sinks lie outside the spool and are each one sink's own."""
    seen: dict[Path, str] = {}
    for part in sinks:
        path = getattr(part.options, "path", None)
        if part.kind != "file" or not isinstance(path, Path):
            continue
        if path.absolute().is_relative_to(spool.absolute()):
            yield (
                "sinks",
                str(path),
                f"sink {part.name}: inside the spool ({spool}); choose one beside it",
            )
        if path.absolute() in seen:
            yield "sinks", str(path), f"sink {part.name}: the folder of sink {seen[path.absolute()]} already"
        seen.setdefault(path.absolute(), part.name)


def sink_labels(sinks: Sequence[Part[Sink]], labels: frozenset[str]) -> Iterator[Broken]:
    """Labels that sinks refer to are configured."""
    for part in sinks:
        for name in sorted(part.options.labels() - labels):
            known = ", ".join(sorted(labels)) or "none"
            yield "labels", name, f"sink {part.name} refers to this label; configured: {known}"


def notifications(
    parts: Sequence[Part[Notification]], sinks: frozenset[str], labels: frozenset[str]
) -> Iterator[Broken]:
    """Sinks and labels that notifications refer to are configured."""
    for part in parts:
        whose = f"notification {part.name}"
        if part.options.sink is not None and part.options.sink not in sinks:
            rule = f"{whose} waits for this sink; configured: {', '.join(sorted(sinks))}"
            yield "sinks", part.options.sink, rule
        for name in sorted(part.options.labels() - labels):
            known = ", ".join(sorted(labels)) or "none"
            yield "labels", name, f"{whose} refers to this label; configured: {known}"


def samplers(chosen: str, parts: Sequence[Part[Collector | Sampler]]) -> Iterator[Broken]:
    """One entry for a sampler, and none that could never be used. Looks are py-spy's, whoever samples."""
    given = [part for part in parts if isinstance(part.options, Sampler)]
    kinds = [part.kind for part in given]
    for kind in sorted({kind for kind in kinds if kinds.count(kind) > 1}):
        yield "collectors", kind, f"one entry `{kind}` a target"
    if chosen == "pyspy" and "austin" in kinds:
        yield "collectors", "austin", "never used with `sampler: pyspy`"
    for part in given:
        if isinstance(part.options, Sampler) and chosen not in ("auto", part.kind):
            for option in part.options.only_here():
                yield "sampler", chosen, f"cannot do `{option}` of {part.kind}: set `sampler: {part.kind}`"


def places(target: "Target") -> Iterator[Broken]:
    """A process has one address at most; and what needs a process is not asked of an address."""
    for address in target.address:
        if not 1 <= split_address(address)[1] <= HIGHEST_PORT:
            yield "address", address, f"a port is 1 to {HIGHEST_PORT}"
    if target.process.given and target.address and target.endpoint is None:
        yield "address", ", ".join(target.address), "together with `process`: one HOST:PORT, its own"
    if not target.address:
        yield from _addressed(target)
        return
    if target.process.given:
        return
    for part in target.collectors:
        if isinstance(part.options, Sampler):
            yield "collectors", part.kind, "samples a process: give `process`, or leave it out"
        elif part.options.needs_process:
            yield "collectors", part.name, "reads of a process: give `process`, or leave it out"


def _addressed(target: "Target") -> Iterator[Broken]:
    for source in target.iterations:
        if source.options.needs_address:
            yield "address", "missing", f"needed by the source {source.name}: HOST:PORT of its HTTP"
    for part in target.collectors:
        if isinstance(part.options, Collector) and part.options.needs_address:
            yield "address", "missing", f"needed by the collector {part.name}: HOST:PORT of its HTTP"


def triggers(target: "Target") -> Iterator[Broken]:
    """Each trigger goes with the rest of its target, and there is one of those that one is enough of."""
    kinds = [part.kind for part in target.triggers]
    for part in target.triggers:
        if part.options.once and kinds.count(part.kind) > 1:
            yield "triggers", part.name, f"one entry `{part.kind}` a target"
        if part.options.needs_process and not target.process.given and target.address:
            yield "triggers", part.name, "looks at a process: give `process`, or leave it out"
        for value, rule in part.options.broken(target):
            yield "triggers", f"{part.name}: {value}" if value != part.name else value, rule


def standard_input(sources: Sequence[Source]) -> Iterator[Broken]:
    """At most one source reads standard input."""
    reading = [one for one in sources if isinstance(one, Where) and one.path == STANDARD_INPUT]
    if len(reading) > 1:
        yield "targets", STANDARD_INPUT, f"{len(reading)} sources read standard input: at most one can"
