"""How much of its speed a target keeps while it is captured."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from statistics import mean, median

from benchmarks.figures import Bound, Row
from benchmarks.processes import child, program, said
from benchmarks.profilers import loopcam, py_spy
from benchmarks.slots import Slots

ROUNDS = 3
ALONE_S, RECORD_S, WATCH_S = 2.0, 3, 2.8

Kept = dict[str, list[float]]


def measure(folder: Path, times: int) -> list[Row]:
    """A small target and a large one."""
    return [_row(folder, times, 4, 20, aim=98), _row(folder, times, 50, 60, aim=90)]


def _row(folder: Path, times: int, threads: int, depth: int, aim: float) -> Row:
    file = folder / f"units-{threads}"
    slots = Slots(file, threads)
    with child(program("threads", str(threads), str(depth), str(file))) as target:
        said(target.stdout)
        time.sleep(1)
        kept, alone = _rounds(target.pid, slots, folder / str(threads), ROUNDS * times)
    return Row(
        figure=f"throughput kept in a capture, {threads} threads",
        unit="%",
        ours=median(kept["loopcam"]),
        other=median(kept["py-spy"]),
        beside="py-spy record, blocking",
        gate=Bound(1, least=True),
        aim=Bound(aim, least=True),
        note=f"{depth} deep, {median(alone):,.0f} units/s alone; "
        + "; ".join(f"{name} {', '.join(f'{v:.1f}' for v in values)}" for name, values in kept.items()),
    )


def _rounds(pid: int, slots: Slots, folder: Path, count: int) -> tuple[Kept, list[float]]:
    """Per cent kept, each against the times alone just before and after; and units a second alone."""
    folder.mkdir()
    profilers: dict[str, Callable[[], AbstractContextManager[None]]] = {
        "loopcam": lambda: loopcam(pid, RECORD_S, folder / "reports"),
        "py-spy": lambda: py_spy(pid, RECORD_S, folder / "record.svg"),
    }
    kept: Kept = {name: [] for name in profilers}
    alone = [_speed(slots, nullcontext(), ALONE_S)]
    for _ in range(count):
        for name, profiler in profilers.items():
            speed = _speed(slots, profiler(), WATCH_S)
            alone.append(_speed(slots, nullcontext(), ALONE_S))
            kept[name].append(100 * speed / mean(alone[-2:]))
    return kept, alone


def _speed(slots: Slots, within: AbstractContextManager[None], seconds: float) -> float:
    """Units a second within a profiler's recording."""
    with within:
        before, started_s = sum(slots.read()), time.monotonic()
        time.sleep(seconds)
        return (sum(slots.read()) - before) / (time.monotonic() - started_s)
