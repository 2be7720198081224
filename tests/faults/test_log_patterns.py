"""Patterns and lines that stall others: the daemon's event loop goes on."""

import asyncio
import random
import time
from collections.abc import Callable

import pytest

from daemon.sources.log.budget import PIECE_S
from daemon.sources.log.feed import LogFeed, make_feed
from daemon.sources.log.options import Log

PIECE_BYTES = 2**18
EVIL = [
    pytest.param(r"(a+)+$", b"a" * 65_000 + b"!", id="nested"),
    pytest.param(r".*?duration=.*?ms.*?loop.*?end$", b"duration=ms loop " * 3_800, id="lazy"),
    pytest.param(r"(x+x+)+y", b"x" * 65_000, id="overlapping"),
]
DEAR = "(?:a|b)*a(?:a|b){700}[cd]"  # among the dearest that are accepted, with no text to skip lines by


def feed(pattern: str, now: Callable[[], float] = time.monotonic) -> LogFeed:
    options = Log(path="/x.log", beat=(pattern,), idle_allowance=1.0)  # type: ignore[arg-type]
    return make_feed(options, now=now)


def cpu_s(one: LogFeed, piece: bytes) -> float:
    started_s = time.thread_time()
    one.take(piece)
    return time.thread_time() - started_s


@pytest.mark.threat("redos")
@pytest.mark.parametrize(("pattern", "line"), EVIL)
async def test_a_pattern_that_stalls_others_leaves_the_event_loop_alone(pattern, line):
    one, piece = feed(pattern), (line + b"\n") * (PIECE_BYTES // len(line))
    late_s: list[float] = []

    async def tick() -> None:
        while True:
            due_s = time.monotonic() + 0.01
            await asyncio.sleep(0.01)
            late_s.append(time.monotonic() - due_s)

    ticking = asyncio.create_task(tick())
    taken_s = []
    for _ in range(50):
        taken_s.append(cpu_s(one, piece))
        await asyncio.sleep(0.01)
    ticking.cancel()
    await asyncio.gather(ticking, return_exceptions=True)
    assert late_s
    assert sorted(taken_s)[-2] < 0.05  # CPU time: others may use this machine, too
    assert one.condition().up


@pytest.mark.threat("redos")
def test_the_dearest_pattern_is_disabled_within_the_piece():
    one, luck = feed(DEAR), random.Random(7)
    piece = b"".join(bytes(luck.choices(b"ab", k=1000)) + b"\n" for _ in range(PIECE_BYTES // 1000))
    taken_s = cpu_s(one, piece)
    assert one.disabled_patterns == 1
    assert not one.condition().up
    assert taken_s < 10 * PIECE_S
    assert cpu_s(one, piece) < PIECE_S


def test_a_flood_without_text_to_skip_by_is_disabled_and_told():
    one, piece = feed(r"\d+[xy]\d+", time.thread_time), b"no such thing here, line after line\n" * 2000
    began_s = time.thread_time()  # the clock of a core that is all ours
    while not one.disabled_patterns and time.thread_time() - began_s < 20:
        one.take(piece)
    assert one.disabled_patterns == 1
    assert r"disabled: \d+[xy]\d+" in one.condition().detail
