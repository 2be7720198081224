"""Reports of made-up profiles, as the daemon leaves them for the renderer: the same bytes each time.

Samples in austin's MOJO format, nearly each of another stack, and a look at all threads each second.
"""

import json
import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from model import coding
from model.capture import (
    Capture,
    Dump,
    Iteration,
    Outcome,
    ProcessIdentity,
    Recording,
    Segment,
    Window,
    WindowEnd,
)
from model.events import Trigger, TriggerKind
from model.report import CAPTURE_FILE
from report import manifests
from tests.mojo import FRAME, FRAME_REF, METADATA, STACK, STRING, TIME, number, text

RATE_HZ = 100
SEGMENT_S = 5
_PID, _START_S = 4242, 1000.0
_FUNCTIONS, _FILES = 3000, 200
_REGROWN = 24  # frames, at most, in which a stack differs from an earlier one
_FIRST_KEY = 9_000  # of frames and of texts

_Stack = tuple[int, ...]  # functions, root first
_MEDIA: Final = {".mojo": ("segment", "application/octet-stream"), ".json": ("dump", "application/json")}


class Shape(NamedTuple):
    """How much there is of everything; `stacks` are those of one thread."""

    threads: int
    depth: int
    stacks: int
    seconds: int


HUGE: Final = Shape(threads=50, depth=60, stacks=940, seconds=30)  # 150,000 samples of 47,000 stacks
ORDINARY: Final = Shape(threads=6, depth=30, stacks=20, seconds=10)


def write(home: Path, shape: Shape) -> Path:
    """Write evidence and capture.json into a new folder."""
    (home / "evidence").mkdir(parents=True)
    chance = random.Random(7)
    pools = [_pool(chance, shape) for _ in range(shape.threads)]
    segments = tuple(_segment(home, number, pools, chance) for number in range(shape.seconds // SEGMENT_S))
    dumps = tuple(_dump(home, second, pools, chance) for second in range(shape.seconds))
    capture = _capture(home, shape, segments, dumps)
    (home / CAPTURE_FILE).write_bytes(coding.encode(capture, indent=2))
    return home


def _pool(chance: random.Random, shape: Shape) -> list[_Stack]:
    """The stacks of a thread, each a new branch of an earlier one."""
    found = [tuple(chance.choices(range(_FUNCTIONS), k=shape.depth))]
    while len(found) < shape.stacks:
        kept = chance.choice(found)[: shape.depth - chance.randint(1, _REGROWN)]
        found.append(kept + tuple(chance.choices(range(_FUNCTIONS), k=shape.depth - len(kept))))
    return found


def _place(function: int) -> tuple[str, str, int]:
    file = f"/srv/scaler/lib/python3.11/site-packages/cluster/part_{function % _FILES:03}.py"
    return f"Reconciler_{function % _FILES}.step_{function}", file, 10 + function // _FILES * 25


def _segment(home: Path, number: int, pools: list[list[_Stack]], chance: random.Random) -> Segment:
    path, started_s = f"evidence/austin-{number:03}.mojo", _START_S + number * SEGMENT_S
    (home / path).write_bytes(b"".join(_mojo(pools, chance)))
    return Segment(
        path=path, sampler="austin", rate_hz=RATE_HZ, started_s=started_s, ended_s=started_s + SEGMENT_S
    )


def _mojo(pools: list[list[_Stack]], chance: random.Random) -> Iterator[bytes]:
    """What austin 3.7 writes; the first sample defines all functions."""
    yield b"MOJ" + number(3) + bytes([METADATA]) + text("austin") + text("3.7.0")
    definitions = b"".join(map(_definition, range(_FUNCTIONS)))
    for round_ in range(SEGMENT_S * RATE_HZ):
        time = bytes([TIME]) + number(1_000_000 // RATE_HZ if round_ else 0)
        for thread, pool in enumerate(pools):
            yield bytes([STACK]) + number(_PID) + number(0) + text(f"{_PID + thread:x}") + definitions
            yield (
                b"".join(bytes([FRAME_REF]) + number(each + _FIRST_KEY) for each in chance.choice(pool))
                + time
            )
            definitions = b""
    yield bytes([METADATA]) + text("duration") + text(str(SEGMENT_S * 1_000_000))


def _definition(function: int) -> bytes:
    name, file, line = _place(function)
    keys = 2 * function + _FIRST_KEY, 2 * function + _FIRST_KEY + 1
    texts = (bytes([STRING]) + number(key) + text(said) for key, said in zip(keys, (file, name), strict=True))
    return (
        b"".join(texts)
        + bytes([FRAME])
        + b"".join(map(number, (function + _FIRST_KEY, *keys, line, line, 1, 9)))
    )


def _dump(home: Path, second: int, pools: list[list[_Stack]], chance: random.Random) -> Dump:
    """A look in py-spy's JSON, innermost frame first."""
    path = f"evidence/dump-{second:03}.json"
    seen = [
        {
            "pid": _PID,
            "thread_id": 140_000_000_000_000 + thread,
            "thread_name": f"worker-{thread}" if thread else "MainThread",
            "os_thread_id": _PID + thread,
            "active": chance.random() < 0.5,
            "owns_gil": thread == 0,
            "frames": list(_frames(reversed(chance.choice(pool)))),
        }
        for thread, pool in enumerate(pools)
    ]
    (home / path).write_bytes(json.dumps(seen).encode())
    return Dump(path=path, states_path=None, sampler="pyspy", at_s=_START_S + second + 0.5)


def _frames(functions: Iterable[int]) -> Iterator[dict[str, str | int]]:
    for name, file, line in map(_place, functions):
        yield {"name": name, "filename": file, "line": line}


def _capture(home: Path, shape: Shape, segments: tuple[Segment, ...], dumps: tuple[Dump, ...]) -> Capture:
    began_s = _START_S - 2
    files = (home / each.path for each in (*segments, *dumps))
    return Capture(
        id="20261121T085811Z-synthetic-0a1b2c",
        target="synthetic",
        labels={},
        triggered_at="2026-11-21T08:58:11.250Z",
        wall_minus_monotonic_s=1_795_250_491.25,
        process=ProcessIdentity(
            pid=_PID, start_ticks=100, uid=1000, gid=1000, executable="/usr/bin/python3.11", name="python3.11"
        ),
        trigger=Trigger(
            target="synthetic",
            kind=TriggerKind.OVERRUN,
            reason="",
            at_s=_START_S,
            started_s=began_s,
            threshold_s=2,
        ),
        iteration=Iteration(id="17", started_s=began_s, ended_s=None),
        window=Window(
            started_s=_START_S,
            ended_s=_START_S + shape.seconds,
            collection_time_s=shape.seconds,
            end=WindowEnd.COLLECTION_TIME,
        ),
        outcome=Outcome.COMPLETE,
        recording=Recording(
            sampler="austin",
            version="3.7.0",
            rate_hz=RATE_HZ,
            rate_reason="configured",
            blocking=False,
            segments=segments,
            dumps=dumps,
        ),
        evidence=tuple(
            manifests.describe(home, str(file.relative_to(home)), *_MEDIA[file.suffix]) for file in files
        ),
    )
