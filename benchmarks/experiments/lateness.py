"""How late a trigger fires: our deadlines beside a bare timer of the same event loop."""

import asyncio
import contextlib
import random
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.apparatus.processes import child, cores, program
from benchmarks.figures import Row, often, percentile
from daemon.watch.deadlines import Deadlines
from daemon.watch.iterations import Rules
from daemon.watch.sequence import LoopWatch
from model.events import Event, EventKind, Trigger

SAMPLES = 300
SHORTEST_S, LONGEST_S = 0.010, 0.020  # no rhythm that a scheduler could meet


def measure(folder: Path, times: float) -> list[Row]:
    """Idle, and with every core hogged."""
    rows = [_row("idle", *asyncio.run(_sample(often(SAMPLES, times))))]
    with _hogs():
        rows.append(_row("all cores hogged", *asyncio.run(_sample(often(SAMPLES, times)))))
    return rows


@contextlib.contextmanager
def _hogs() -> Iterator[None]:
    with contextlib.ExitStack() as hogs:
        for _ in cores():
            hogs.enter_context(child(program("busy")))
        time.sleep(0.5)
        yield


async def _sample(count: int) -> tuple[list[float], list[float]]:
    """Milliseconds of lateness, ours and bare, taken in turn."""
    ours, bare = [], []
    for _ in range(count):
        wait_s = random.uniform(SHORTEST_S, LONGEST_S)
        ours.append(1000 * await _deadline(wait_s))
        bare.append(1000 * await _timer(wait_s))
    return ours, bare


async def _deadline(wait_s: float) -> float:
    """How late the trigger of an iteration that is due after `wait_s` comes."""
    rules = Rules(mode="start_end", max_loop_time_s=wait_s, first_loop_time_s=wait_s)
    watch = LoopWatch("benchmark", "main", rules)
    fired: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    def fire(_trigger: Trigger, _notes: tuple[str, ...]) -> None:
        _set_now(fired)

    deadlines = Deadlines(lambda: (watch,), fire, lambda _late_s: None)
    at_s = time.monotonic()
    watch.take(Event(source="benchmark", target="benchmark", kind=EventKind.START, at_s=at_s))
    deadlines.changed(watch.due_s())
    late_s = await fired - at_s - wait_s
    deadlines.stop()
    return late_s


async def _timer(wait_s: float) -> float:
    """How late a bare `call_later` comes."""
    loop = asyncio.get_running_loop()
    fired: asyncio.Future[float] = loop.create_future()
    at_s = time.monotonic()
    loop.call_later(wait_s, _set_now, fired)
    return await fired - at_s - wait_s


def _set_now(fired: "asyncio.Future[float]") -> None:
    if not fired.done():  # cancelled, when we are interrupted
        fired.set_result(time.monotonic())


def _row(state: str, ours: list[float], bare: list[float]) -> Row:
    return Row(
        figure=f"trigger lateness p99, {state}",
        unit="ms",
        ours=percentile(ours, 0.99),
        other=percentile(bare, 0.99),
        beside="bare call_later",
        note=f"{len(ours)} each; ours {_spread(ours)}, bare {_spread(bare)}",
    )


def _spread(values: list[float]) -> str:
    return f"p50 {percentile(values, 0.5):.2f}, max {max(values):.2f} ms"
