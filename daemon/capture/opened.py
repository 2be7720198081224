"""Naming a capture, and what is known of it when it starts."""

import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime

from daemon.baseline.code import code_version
from daemon.capture.subject import Subject
from daemon.limits.file import boot_id
from daemon.spool.state import Opened

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that are mistaken for another when read aloud


def new_id(target: str, at: datetime) -> str:
    """A name for the capture of a target."""
    short = "".join(secrets.choice(_LETTERS) for _ in range(6))
    return f"{at:%Y%m%dT%H%M%SZ}-{target}-{short}"


def stamp(at: datetime) -> str:
    """A time as it is told (RFC 3339)."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def opened(
    subject: Subject,
    labels: Mapping[str, str],
    collection_time_s: float,
    sinks: tuple[str, ...],
    name: str = "",
    notices: tuple[str, ...] = (),
) -> Opened:
    """A new capture's facts, and its name unless it has one already."""
    wall_minus_monotonic_s = time.time() - time.monotonic()
    triggered = datetime.fromtimestamp(subject.trigger.at_s + wall_minus_monotonic_s, UTC)
    return Opened(
        id=name or new_id(subject.trigger.target, triggered),
        target=subject.trigger.target,
        labels=dict(labels),
        triggered_at=stamp(triggered),
        wall_minus_monotonic_s=wall_minus_monotonic_s,
        boot_id=boot_id(),
        process=subject.process,
        code_version=code_version(subject.process, labels) if subject.process else "",
        address=f"{subject.endpoint.host}:{subject.endpoint.port}" if subject.endpoint else "",
        trigger=subject.trigger,
        collection_time_s=collection_time_s,
        sinks=sinks,
        notices=notices,
    )
