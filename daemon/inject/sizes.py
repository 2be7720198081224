"""Shares out the volume of spool and reports, as the chart does: over its limit, the whole pod is evicted.

What we write is bounded to 80 % of the emptyDir's sizeLimit or, if smaller, of the ephemeral storage's limit:
the spool, the file sinks in our volume, and what lies beside the spool: captures in progress, which no quota
holds, the dashcam's rings, and healthy samples.
"""

import math
from typing import Any, NamedTuple

from msgspec import UNSET

from daemon.baseline.samples import MOST_BYTES as HEALTHY_BYTES
from daemon.config.dashcam import Dashcam
from daemon.config.faults import fault
from daemon.inject.values import Amounts, Values
from model.errors import ConfigError, Fault
from model.units import ByteSize

STATE = "/var/lib/loopcam"
FILE_SINK = {"file": {"path": f"{STATE}/reports"}}
_CAPTURE_BYTES = 128 * 2**20  # 64 MiB is the most of one evidence file, and as much when drawn
_LEAST_BYTES = 8 * 2**20
_USED = 0.8


class Sizes(NamedTuple):
    """What the spool and each file sink without a bound of its own may hold."""

    spool_bytes: int
    file_bytes: int


def sizes(values: Values) -> Sizes:
    """The shares; raises ConfigError where the volume is too small."""
    config = values.config
    room, of = _room(values)
    spool = _spool(config.get("spool") or {})
    at_once = _bytes(config.get("captures_at_once") or 1, "config.captures_at_once")
    captures = 0 if spool == 0 else _CAPTURE_BYTES * at_once
    watched = 0 if spool == 0 else _watched(config.get("targets") or [])
    files, unbounded = 0, 0
    for place, sink in enumerate(config.get("sinks") or [FILE_SINK]):
        if is_ours(sink):
            most = sink["file"].get("max_bytes")
            files += _bytes(most, f"config.sinks[{place}].file.max_bytes") if most else 0
            unbounded += not most
    left = room - captures - watched - files - (spool or 0)
    parts = (0 if spool is not None else 2) + unbounded
    share = math.floor(left / max(parts, 1))
    if left < 0 or (parts and share < _LEAST_BYTES):
        held = files + (spool or 0)
        taken = f"captures in progress take {captures >> 20} MiB, the dashcam and healthy samples "
        taken += f"{watched >> 20}, spool and file sinks {held >> 20}"
        rule = f"too small: what loopcam writes must fit into 80 % of it, and {taken} MiB"
        mend = "raise it, or lower config.spool.max_bytes, the sinks' max_bytes and dashcam.max_bytes"
        raise ConfigError([Fault(*of, rule, mend)])
    return Sizes(2 * share if spool is None else spool, share)


def _watched(targets: list[dict[str, Any]]) -> int:
    """What the dashcam's rings may hold, one for each target, and healthy samples."""
    rings = 0
    for place, target in enumerate(targets):
        dashcam, address = target.get("dashcam"), target.get("address")
        given = dashcam if isinstance(dashcam, dict) else {"mode": dashcam}
        if given.get("mode") not in ("off", False):
            most = given.get("max_bytes") or Dashcam().max_bytes
            each = _bytes(most, f"config.targets[{place}].dashcam.max_bytes")
            rings += each * (len(address) if isinstance(address, list) else 1)
    return rings + HEALTHY_BYTES if rings else 0


def _spool(given: dict[str, Any]) -> int | None:
    """Its bound in our volume: none is given, or it lies elsewhere, and so takes nothing."""
    if not _is_in_volume(given.get("path") or STATE):
        return 0
    most = given.get("max_bytes")
    return _bytes(most, "config.spool.max_bytes") if most else None


def is_ours(sink: object) -> bool:
    """Whether this is a file sink in our volume."""
    file = sink.get("file") if isinstance(sink, dict) else None
    return isinstance(file, dict) and _is_in_volume(file.get("path"))


def _is_in_volume(path: object) -> bool:
    return f"{path}/".startswith(f"{STATE}/")


def _room(values: Values) -> tuple[float, tuple[str, str]]:
    limits = values.resources.limits
    limit = limits.ephemeral_storage if isinstance(limits, Amounts) else UNSET
    size, of = values.storage.size_limit, "storage.sizeLimit"
    room = _bytes(size, of)
    if limit is not UNSET:
        other = "resources.limits.ephemeral-storage"
        if (bounded := _bytes(limit, other)) < room:
            room, size, of = bounded, str(limit), other
    return room * _USED, (of, size)


def _bytes(size: Any, name: str) -> int:
    """A size as Kubernetes and as the configuration write it."""
    text = str(size)
    try:
        return int(ByteSize.parse(f"{text}B" if text[-1:] in "kKMGT" else text))
    except ValueError:
        raise ConfigError([fault(name, text, "must be a size such as 500MiB or 1Gi")]) from None
