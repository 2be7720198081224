"""The parsers, each with whole examples to begin with, and the errors by which it refuses what is none."""

import tempfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import msgspec

from daemon.config.load import parse as parse_config
from daemon.limits.rates import Saved
from daemon.sources.heartbeat.datagrams import parse as parse_datagram
from daemon.sources.log.feed import make_feed
from daemon.sources.log.options import Log
from daemon.sources.log.places import Place
from daemon.sources.metrics.exposition import Exposition
from daemon.spool.incoming import Line
from daemon.web.heartbeat import Heartbeat
from model import coding
from model.baseline import Baseline
from model.capture import Capture
from model.errors import LoopcamError
from model.manifest import Manifest
from model.samples import Span, TableBuilder
from report.evidence import goroutines, looks, metrics, profiles, pyspy
from report.evidence.fetched import DAMAGE
from tests.fuzz import seeds

REFUSALS = (LoopcamError, *DAMAGE)
_SPAN = Span(0, 1_000_000, 100)


class Target(NamedTuple):
    """A parser under fire."""

    run: Callable[[bytes], object]
    seeds: tuple[bytes, ...]


def _file(read: Callable[[Path], object]) -> Callable[[bytes], object]:
    """A parser that reads a file, given the bytes."""

    def run(data: bytes) -> object:
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            return read(Path(file.name))

    return run


def _decoded(kind: type) -> Callable[[bytes], object]:
    return lambda data: coding.decode(data, kind)


def _log(data: bytes) -> object:
    """In two pieces: where a text is cut must not matter."""
    options = Log(path="/var/log/app.log", start=(r"start (?P<iteration>\w+)",), end=("end",))
    feed = make_feed(options, limited=False)
    half = len(data) // 2
    return feed.take(data[:half]), feed.take(data[half:], ends=True)


def _exposition(data: bytes) -> object:
    found = Exposition({"up_seconds": None}, curious=True)
    half = len(data) // 2
    found.take(data[:half])
    found.take(data[half:])
    return found.samples


def _rows(data: bytes) -> object:
    builder = TableBuilder()
    builder.add(_SPAN, sorted(pyspy.rows(data, _SPAN, builder), key=lambda row: row.time_us))
    return builder.freeze(0, 1_000_000)


TARGETS = {
    "heartbeat": Target(msgspec.json.Decoder(Heartbeat).decode, seeds.HEARTBEATS),
    "datagram": Target(parse_datagram, seeds.DATAGRAMS),
    "log": Target(_log, seeds.LOGS),
    "exposition": Target(_exposition, seeds.EXPOSITIONS),
    "metrics-difference": Target(_file(metrics.read), seeds.EXPOSITIONS),
    "py-spy-rows": Target(_rows, seeds.TRACES),
    "py-spy-look": Target(lambda data: list(pyspy.sightings(data, {})), seeds.LOOKS),
    "states": Target(looks.scheduled, seeds.STATES),
    "pprof": Target(_file(profiles.read), seeds.PROFILES),
    "goroutines": Target(lambda data: list(goroutines.read(BytesIO(data))), seeds.GOROUTINES),
    "configuration": Target(lambda data: parse_config(data, "fuzz", {}), seeds.CONFIGURATIONS),
    "capture": Target(_decoded(Capture), seeds.CAPTURES),
    "manifest": Target(_decoded(Manifest), seeds.MANIFESTS),
    "journal": Target(_decoded(Line), seeds.JOURNALS),
    "limits": Target(_decoded(Saved), seeds.LIMITS),
    "place": Target(_decoded(Place), seeds.PLACES),
    "baseline": Target(_decoded(Baseline), seeds.BASELINES),
}


def fire(target: Target, data: bytes) -> None:
    """Any error but a refusal is a finding."""
    try:
        target.run(data)
    except REFUSALS:
        return
