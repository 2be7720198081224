"""A target whose loop times its own functions: `loop SLOTS_FILE`. Slots: nanoseconds by function."""

import json
import random
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.apparatus.slots import Slots

WAITING_THREADS = 3


def estimate_nodes(size: int) -> int:
    """Arithmetic; this and the others take about so many milliseconds in all, waiting a third of them."""
    return sum(node * node % 7 for node in range(size * 18_000))


def binpack_pods(size: int) -> int:
    """Many comparisons."""
    packed = 0
    for pod in range(size * 1700):
        for free in (8, 16, 32, 64):
            packed += pod % 64 <= free
    return packed


def encode_status(size: int) -> int:
    """A call into C."""
    return len(json.dumps([{"pod": number, "phase": "Pending"} for number in range(size * 230)]))


def wait_for_api(size: int) -> None:
    """Waits, as for an answer."""
    time.sleep(size * 0.001)


FUNCTIONS: tuple[Callable[[int], object], ...] = (estimate_nodes, binpack_pods, encode_status, wait_for_api)


def main() -> None:
    """Turn for ever; sizes vary, so that no rhythm meets the sampler's."""
    slots = Slots(Path(sys.argv[1]), len(FUNCTIONS))
    for _ in range(WAITING_THREADS):
        threading.Thread(target=threading.Event().wait, daemon=True).start()
    print("ready", flush=True)
    while True:
        for number, function in enumerate(FUNCTIONS):
            size = random.randrange(4, 20)
            started_ns = time.perf_counter_ns()
            function(size)
            slots.values[number] += time.perf_counter_ns() - started_ns


if __name__ == "__main__":
    main()
