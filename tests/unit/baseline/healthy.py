"""Healthy samples for tests, as a ring would have them."""

from pathlib import Path

import msgspec

from daemon.baseline.samples import Samples
from model.capture import Dump, Iteration, ProcessIdentity, Segment
from tests.reports import DEFAULT_ROWS, PID, START_S, trace

PROCESS = ProcessIdentity(pid=PID, start_ticks=1, uid=0, gid=0, executable="/usr/bin/python3", name="python3")


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a ring."""

    paths: tuple[str, ...]
    segment: Segment | None = None
    dump: Dump | None = None
    version: str = "0.4.3"


def piece(ring: Path, number: int, sampler: str = "pyspy", length_s: float = 1.5) -> Piece:
    """A segment in a ring's folder."""
    path = f"evidence/{sampler}-before-{number:03}.trace.json"
    (ring / path).parent.mkdir(parents=True, exist_ok=True)
    (ring / path).write_bytes(trace(DEFAULT_ROWS, length_s))
    started_s = START_S + number * 2
    segment = Segment(
        path=path, sampler=sampler, rate_hz=100, started_s=started_s, ended_s=started_s + length_s
    )
    return Piece(paths=(path,), segment=segment)


def put(samples: Samples, ring: Path, target: str = "demo", code_version: str = "v1") -> bool:
    """Keep one segment as a sample of one iteration."""
    one = piece(ring, 0)
    done = [Iteration(id="1", started_s=START_S, ended_s=START_S + 1.5)]
    return samples.put(target, PROCESS, code_version, done, ring, [one])
