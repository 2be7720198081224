"""How much of its speed a target keeps while it is captured, and for how long it stands still."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median

from benchmarks.apparatus.processes import child, program, said
from benchmarks.apparatus.profilers import austin_runs, loopcam, py_spy
from benchmarks.apparatus.slots import Slots
from benchmarks.figures import Row, often, percentile

ROUNDS = 2
RECORD_S, WATCH_S = 2, 1.8
GLANCE_S = 0.1  # between readings of the longest gap
SIZES = ((1, 20), (4, 20), (50, 60), (200, 20))  # threads, depth
WITH_AUSTIN, ALONE, BESIDE = "loopcam, austin", "loopcam, py-spy", "py-spy record"

Profiler = Callable[[], AbstractContextManager[object]]


@dataclass
class Seen:
    """What became of a target under one profiler, each round beside as much time without it."""

    kept: list[float] = field(default_factory=list)  # per cent
    alone: list[float] = field(default_factory=list)  # units a second
    stalls_ms: list[float] = field(default_factory=list)  # the longest of each tenth of a second
    usual_ms: list[float] = field(default_factory=list)  # the same without a profiler


def measure(folder: Path, times: float) -> list[Row]:
    """Targets of three sizes, each with every sampler that runs here."""
    return [row for threads, depth in SIZES for row in _rows(folder, times, threads, depth)]


def _rows(folder: Path, times: float, threads: int, depth: int) -> Iterator[Row]:
    file = folder / f"units-{threads}"
    slots = Slots(file, threads + 1)
    with child(program("threads", str(threads), str(depth), str(file))) as target:
        said(target.stdout)
        time.sleep(1)
        profilers = _profilers(target.pid, folder / str(threads))
        seen = {name: Seen() for name in profilers}
        for _ in range(often(ROUNDS, times)):
            for name, profiler in profilers.items():
                _round(slots, profiler, seen[name])
    for name in (WITH_AUSTIN, ALONE):
        if name in seen:
            yield _kept(seen, name, threads, depth)
            yield _stalled(seen[name], name, threads)


def _profilers(pid: int, folder: Path) -> dict[str, Profiler]:
    folder.mkdir()
    found: dict[str, Profiler] = {
        ALONE: lambda: loopcam(pid, RECORD_S, folder / "reports", "pyspy"),
        BESIDE: lambda: py_spy(pid, RECORD_S, folder / "record.svg"),
    }
    if austin_runs():
        found[WITH_AUSTIN] = lambda: loopcam(pid, RECORD_S, folder / "reports", "auto")
    return found


def _round(slots: Slots, profiler: Profiler, seen: Seen) -> None:
    """Without, with, with, without: what drifts slowly falls on both alike."""
    speeds: dict[bool, list[float]] = {False: [], True: []}
    for profiled in (False, True, True, False):
        gaps_ms = seen.stalls_ms if profiled else seen.usual_ms
        with profiler() if profiled else nullcontext():
            speeds[profiled].append(_speed(slots, gaps_ms))
    seen.alone += speeds[False]
    seen.kept.append(100 * mean(speeds[True]) / mean(speeds[False]))


def _speed(slots: Slots, gaps_ms: list[float]) -> float:
    """Units a second; the longest gap of each tenth of a second is added to the list."""
    values = slots.values
    values[-1] = 0
    before, started_s = sum(slots.read()[:-1]), time.monotonic()
    while time.monotonic() < started_s + WATCH_S:
        time.sleep(GLANCE_S)
        gaps_ms.append(values[-1] / 1e6)
        values[-1] = 0
    return (sum(slots.read()[:-1]) - before) / (time.monotonic() - started_s)


def _kept(seen: dict[str, Seen], name: str, threads: int, depth: int) -> Row:
    mine, other = seen[name], seen[BESIDE]
    return Row(
        figure=f"throughput kept in a capture, {threads} threads ({name})",
        unit="%",
        ours=median(mine.kept),
        other=median(other.kept),
        beside="py-spy record, blocking",
        note=f"{depth} deep, {median(mine.alone):,.0f} units/s alone; rounds {_listed(mine.kept)}; "
        f"py-spy record {_listed(other.kept)}",
    )


def _stalled(seen: Seen, name: str, threads: int) -> Row:
    longest, usual = max(seen.stalls_ms), max(seen.usual_ms)
    return Row(
        figure=f"longest added stall, {threads} threads ({name})",
        unit="ms",
        ours=max(0.0, longest - usual),
        note=f"longest time without any progress: in captures {longest:.1f} ms, alone {usual:.1f} ms; p99 of "
        f"tenths of a second {percentile(seen.stalls_ms, 0.99):.1f} and "
        f"{percentile(seen.usual_ms, 0.99):.1f} ms",
    )


def _listed(values: list[float]) -> str:
    return ", ".join(f"{value:.1f}" for value in values)
