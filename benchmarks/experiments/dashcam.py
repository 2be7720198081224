"""What the dashcam costs: CPU and memory with its children, and the target's speed."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.apparatus import pairs
from benchmarks.apparatus.daemons import Daemon, daemon
from benchmarks.apparatus.processes import Child, child, program, said
from benchmarks.apparatus.slots import Slots
from benchmarks.apparatus.trees import Watched, tree
from benchmarks.figures import Row, often

THREADS, DEPTH = 4, 20
SETTLE_S, WATCH_S, ROUNDS, PAIRS = 20, 15, 2, 25
BEAT_S = 0.5
MODES = ("adaptive", "continuous")


class Seen(NamedTuple):
    """Of one daemon: per cent of a core, MiB, and per cent of the target's speed by pairs."""

    cpu: float
    mib: float
    slowdowns: list[float]


def measure(folder: Path, times: float) -> list[Row]:
    """Healthy iterations of a real target, one a second, by each mode in turn."""
    file = folder / "units"
    slots = Slots(file, THREADS + 1)
    rows: list[Row] = []
    with child(program("threads", str(THREADS), str(DEPTH), str(file))) as target:
        said(target.stdout)
        for mode in MODES:
            seen = [
                _round(folder / f"{mode}-{number}", target, mode, slots)
                for number in range(often(ROUNDS, times))
            ]
            rows += _rows(mode, seen)
    return rows


def _round(folder: Path, target: Child, mode: str, slots: Slots) -> Seen:
    folder.mkdir()
    with _watching(folder, target.pid, mode) as ours:
        with Watched(ours.pid) as watched:
            _beat(ours, WATCH_S)

        def iterate() -> None:
            for event in ("start", "end"):
                ours.heart.say(event)

        slowdowns = pairs.slowdowns(slots, lambda: tree(ours.pid), iterate, PAIRS)
    return Seen(watched.percent, watched.most_mib, slowdowns)


@contextlib.contextmanager
def _watching(folder: Path, pid: int, mode: str) -> Iterator[Daemon]:
    with daemon(folder, pid, {"max_loop_time": "1m", "dashcam": mode}) as ours:
        ours.wait_until_found()
        _beat(ours, SETTLE_S)  # in which healthy iterations are sampled for the baseline
        yield ours


def _beat(ours: Daemon, seconds: float) -> None:
    """Healthy iterations, one a second."""
    until_s, event = time.monotonic() + seconds, "start"
    while time.monotonic() < until_s:
        ours.heart.say(event)
        event = "end" if event == "start" else "start"
        time.sleep(BEAT_S)


def _rows(mode: str, seen: list[Seen]) -> list[Row]:
    lost = [one for round_ in seen for one in round_.slowdowns]
    return [
        Row(
            figure=f"dashcam {mode}: CPU with children",
            unit="% of a core",
            ours=median(one.cpu for one in seen),
            note=f"{len(seen)} rounds of {WATCH_S} s, one iteration a second, {THREADS} threads {DEPTH} deep",
        ),
        Row(
            figure=f"dashcam {mode}: memory with children (PSS)",
            unit="MiB",
            ours=median(one.mib for one in seen),
            note="the most at any glance",
        ),
        Row(
            figure=f"dashcam {mode}: the target's slowdown",
            unit="%",
            ours=median(lost),
            within=pairs.interval(lost),
            note=f"{len(lost)} pairs of {pairs.PAIR_S} s with the daemon on and stopped; 90 % confidence",
        ),
    ]
