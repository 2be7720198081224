"""Tells events with the Python client and sends the same bare, in turn: `client_events BATCHES`.

Prints what one costs in microseconds, the client's and the bare one; without a listener the first alone.
"""

import os
import socket
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[2] / "deploy" / "clients"))

from loopcam import Loopcam

PAUSE_S = 0.001  # a queue of 10 is empty by then; without sleep, after which a core has to warm up


def main() -> None:
    """Two iterations, a pause, and so on."""
    batches, place = int(sys.argv[1]), os.environ.get("LOOPCAM_SOCKET", "")
    target = os.environ.get("LOOPCAM_TARGET", "")
    cam = Loopcam()
    ways: list[tuple[Callable[[], object], Callable[[], object]]] = [(cam.start, cam.end)]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        if place and Path(place).exists():
            sender.connect(place)
            said = [f"{event} {target}".encode() for event in ("start", "end")]
            ways.append((partial(sender.send, said[0]), partial(sender.send, said[1])))
        costs_us: list[list[float]] = [[] for _ in ways]
        for _ in range(batches):
            for (start, end), found in zip(ways, costs_us, strict=True):
                found.append(_cost_us(start, end))
    print(*map(median, costs_us))


def _cost_us(start: Callable[[], object], end: Callable[[], object]) -> float:
    """Of one event of four at once, before a pause."""
    started_s = time.perf_counter()
    start()
    end()
    start()
    end()
    cost_us = (time.perf_counter() - started_s) / 4 * 1e6
    while time.perf_counter() - started_s < PAUSE_S:
        pass
    return cost_us


if __name__ == "__main__":
    main()
