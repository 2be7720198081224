"""What the dashcam costs: CPU and memory with its children, and the target's speed."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks import pairs
from benchmarks.daemons import Daemon, daemon
from benchmarks.figures import Bound, Row
from benchmarks.processes import Child, child, program, said
from benchmarks.slots import Slots

THREADS, DEPTH = 4, 20
SETTLE_S, WATCH_S, ROUNDS, PAIRS = 20, 20, 3, 25
BEAT_S, GLANCE_S = 0.5, 0.05
TICKS_PER_S = 100
# Per cent of a core, MiB, and per cent of the target's speed.
AIMS = {"adaptive": (0.5, 45.0, 0.5), "continuous": (2.0, 60.0, 0.5)}


class Seen(NamedTuple):
    """Of one daemon: per cent of a core, MiB, and per cent of the target's speed by pairs."""

    cpu: float
    mib: float
    slowdowns: list[float]


def measure(folder: Path, times: int) -> list[Row]:
    """Healthy iterations of a real target, one a second, by each mode in turn."""
    file = folder / "units"
    slots = Slots(file, THREADS + 1)
    rows: list[Row] = []
    with child(program("threads", str(THREADS), str(DEPTH), str(file))) as target:
        said(target.stdout)
        for mode, aims in AIMS.items():
            seen = [
                _round(folder / f"{mode}-{number}", target, mode, slots) for number in range(ROUNDS * times)
            ]
            rows += _rows(mode, aims, seen)
    return rows


def _round(folder: Path, target: Child, mode: str, slots: Slots) -> Seen:
    folder.mkdir()
    with _watching(folder, target.pid, mode) as ours:
        began_s, used_s = time.monotonic(), _cpu_s(ours.pid)
        most_bytes = _most_bytes(ours)
        percent = 100 * (_cpu_s(ours.pid) - used_s) / (time.monotonic() - began_s)

        def iterate() -> None:
            for event in ("start", "end"):
                ours.heart.say(event)

        slowdowns = pairs.slowdowns(slots, lambda: (ours.pid, *_children(ours.pid)), iterate, PAIRS)
    return Seen(percent, most_bytes / 2**20, slowdowns)


@contextlib.contextmanager
def _watching(folder: Path, pid: int, mode: str) -> Iterator[Daemon]:
    with daemon(folder, pid, {"max_loop_time": "1m", "dashcam": mode}) as ours:
        ours.wait_until_found()
        for _ in range(SETTLE_S):  # in which healthy iterations are sampled for the baseline
            for event in ("start", "end"):
                ours.heart.say(event)
                time.sleep(BEAT_S)
        yield ours


def _most_bytes(ours: Daemon) -> int:
    """The most memory of the daemon and its children, while it hears of iterations."""
    until_s, beats_s, most_bytes, event = time.monotonic() + WATCH_S, 0.0, 0, "start"
    while (now_s := time.monotonic()) < until_s:
        if now_s >= beats_s:
            ours.heart.say(event)
            event = "end" if event == "start" else "start"
            beats_s = now_s + BEAT_S
        most_bytes = max(most_bytes, sum(map(_pss_bytes, (ours.pid, *_children(ours.pid)))))
        time.sleep(GLANCE_S)
    return most_bytes


def _cpu_s(pid: int) -> float:
    """CPU time of a process and of its children that ended; those of a segment end within it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS_PER_S


def _children(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def _pss_bytes(pid: int) -> int:
    """What it adds to the machine's memory: pages that several share count in part."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def _rows(mode: str, aims: tuple[float, float, float], seen: list[Seen]) -> list[Row]:
    of_core, of_memory, of_speed = aims
    lost = [one for round_ in seen for one in round_.slowdowns]
    least, most = pairs.interval(lost)
    return [
        Row(
            figure=f"dashcam {mode}: CPU with children",
            unit="% of a core",
            ours=median(one.cpu for one in seen),
            aim=Bound(of_core),
            note=f"{len(seen)} rounds of {WATCH_S} s, one iteration a second, {THREADS} threads {DEPTH} deep",
        ),
        Row(
            figure=f"dashcam {mode}: memory with children (PSS)",
            unit="MiB",
            ours=median(one.mib for one in seen),
            aim=Bound(of_memory),
            note="the most at any glance",
        ),
        Row(
            figure=f"dashcam {mode}: the target's slowdown",
            unit="%",
            ours=median(lost),
            aim=Bound(of_speed),
            note=f"{len(lost)} pairs of {pairs.PAIR_S} s with the daemon going on and stopped; "
            f"90 % confidence: {least:.2f} to {most:.2f}",
        ),
    ]
