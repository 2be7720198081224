"""Stalls that compute: in Python, in native code, and beside threads that do the same."""

import contextlib
import ctypes
import math
import threading
import time
from collections.abc import Iterator

from daemon.demo.packing import simulate_binpacking_of_pending_pods
from daemon.demo.stalls.contract import Setting, lasting


def pack_pods(setting: Setting) -> None:
    """Pure Python that is too slow for its input."""
    simulate_binpacking_of_pending_pods(setting.seconds)


def score_placements(scores: dict[tuple[int, int], float], size: int) -> float:
    """Many small calls rather than one loop."""
    return sum(scores.setdefault(pair(i, j), weight(i, j)) for i in range(size) for j in range(size))


def pair(i: int, j: int) -> tuple[int, int]:
    """A key."""
    return (min(i, j), max(i, j))


def weight(i: int, j: int) -> float:
    """A figure."""
    return math.sqrt(abs(i - j))


def score_nodes(setting: Setting) -> None:
    """Pure Python, spread over small functions."""
    for _ in lasting(setting.seconds):
        score_placements({}, 200)


def rank_prices(setting: Setting) -> None:
    """One long call into C after the other: sums and sorts of a big list, without letting the GIL go."""
    prices = [float(number * 7919 % 1_000_003) for number in range(1_500_000)]
    for _ in lasting(setting.seconds):
        sorted(prices)
        sum(prices)


def estimate_capacity(setting: Setting) -> None:
    """Big integers: the interpreter's own C code."""
    base = 3**20_000
    for _ in lasting(setting.seconds):
        pow(base, 3_001, 2**30_011 - 1)


def ask_driver(setting: Setting) -> None:
    """A C library that blocks, and keeps the GIL: every thread stands still."""
    usleep = ctypes.PyDLL(None).usleep
    for _ in lasting(setting.seconds):
        usleep(900_000)


def reconcile_shard(stop: threading.Event) -> None:
    """A thread that computes in Python all the time."""
    while not stop.is_set():
        simulate_binpacking_of_pending_pods(0.05)


def reconcile_shards(setting: Setting) -> None:
    """The loop computes a little, and so do many threads: it has the GIL for a small part of the time."""
    with _shards(setting):
        for _ in lasting(setting.seconds):
            score_placements({}, 20)


def reconcile_and_look(setting: Setting) -> None:
    """The loop does little, but after each small wait the GIL has to be won from busy threads."""
    with _shards(setting):
        for _ in lasting(setting.seconds):
            collect_node_states()


@contextlib.contextmanager
def _shards(setting: Setting) -> Iterator[None]:
    stop = threading.Event()
    count = max(4, setting.threads)
    busy = [
        threading.Thread(target=reconcile_shard, args=(stop,), name=f"shard-{number}", daemon=True)
        for number in range(count)
    ]
    for thread in busy:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in busy:
            thread.join()


def collect_node_states() -> int:
    """A little work with waits that are too short to see."""
    total = 0
    for _ in range(5):
        time.sleep(0.0001)
        total += sum(range(200))
    return total
