"""Looks at the daemon from outside: memory, descriptors, CPU time, children, and its metrics."""

import http.client
import time
from collections import Counter
from pathlib import Path

import msgspec

from daemon.demo.simulator.contract import COUNTS_PATH, Counts
from model.errors import LoopcamError

_TICK_S = 0.01
_PATIENCE_S = 10.0


class Process(msgspec.Struct, frozen=True, kw_only=True):
    """What the kernel says of a process."""

    pss_bytes: int
    own_bytes: int  # anonymous memory: what is shared with other programs moves with those
    descriptors: int
    cpu_s: float
    zombies: tuple[int, ...]  # children that ended and that nobody waited for


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What the daemon's metrics say."""

    overruns: int = 0
    triggers: int = 0
    captures: int = 0
    delivered: int = 0
    undelivered: int = 0
    refused: int = 0

    @property
    def busy(self) -> bool:
        """Whether a capture goes on, or a report is on its way."""
        return self.undelivered > 0 or self.triggers - self.refused > self.captures


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """Everything at a moment, in seconds since the beginning."""

    at_s: float
    process: Process
    seen: Seen
    api: Counts


def process(pid: int) -> Process:
    """Raises OSError when there is no such process."""
    folder = Path(f"/proc/{pid}")
    rollup = (folder / "smaps_rollup").read_text()
    stat = (folder / "stat").read_text().rpartition(")")[2].split()
    return Process(
        pss_bytes=_field_bytes(rollup, "Pss"),
        own_bytes=_field_bytes(rollup, "Anonymous"),
        descriptors=len(list((folder / "fd").iterdir())),
        cpu_s=(int(stat[11]) + int(stat[12])) * _TICK_S,
        zombies=tuple(_zombies(pid)),
    )


def _field_bytes(rollup: str, name: str) -> int:
    return int(rollup.partition(f"\n{name}:")[2].split()[0]) * 1024


def _zombies(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # ended meanwhile
            continue
        if fields[0] == "Z" and int(fields[1]) == parent:
            found.append(int(stat.parent.name))
    return found


def seen(port: int) -> Seen:
    """Ask the daemon for its metrics."""
    from prometheus_client.parser import text_string_to_metric_families  # every command is listed without it

    sums: Counter[str] = Counter()
    for family in text_string_to_metric_families(_fetched(port, "/metrics").decode()):
        for sample in family.samples:
            sums[" ".join([sample.name, sample.labels.get("result", "")]).strip()] += int(sample.value)
    return Seen(
        overruns=sums["loopcam_overruns_total"],
        triggers=sums["loopcam_triggers_total"],
        captures=sums["loopcam_captures_total"],
        delivered=sums["loopcam_deliveries_total delivered"],
        undelivered=sums["loopcam_delivery_pending"] + sums["loopcam_delivery_dead"],
        refused=sums["loopcam_refusals_total"],
    )


def counts(port: int) -> Counts:
    """Ask the API what it did."""
    return msgspec.json.decode(_fetched(port, COUNTS_PATH), type=Counts)


def _fetched(port: int, path: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE_S)
    try:
        connection.request("GET", path)
        return connection.getresponse().read()
    except (OSError, http.client.HTTPException) as error:
        raise LoopcamError(
            f"127.0.0.1:{port}{path}: {error or type(error).__name__}", remedy="its log in --out says why"
        ) from error
    finally:
        connection.close()


class Watcher:
    """Looks at one daemon and one API."""

    def __init__(self, pid: int, port: int, api_port: int) -> None:
        self._pid, self._port, self._api_port = pid, port, api_port
        self._began_s = time.monotonic()

    def look(self) -> Look:
        """Now; raises LoopcamError when the daemon or the API is gone."""
        found = seen(self._port)
        try:
            looked = process(self._pid)
        except OSError as error:
            raise LoopcamError(f"the daemon is gone: {error}", remedy="its log in --out says why") from error
        at_s = time.monotonic() - self._began_s
        return Look(at_s=at_s, process=looked, seen=found, api=counts(self._api_port))
