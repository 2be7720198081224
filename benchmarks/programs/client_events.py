"""Tells events with the Python client and prints what one costs, in microseconds: `client_events BATCHES`."""

import sys
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[2] / "deploy" / "clients"))

from loopcam import Loopcam

PAUSE_S = 0.001  # a queue of 10 is empty by then; without sleep, after which a core has to warm up


def main() -> None:
    """Two iterations, a pause, and so on."""
    cam = Loopcam()
    costs_us: list[float] = []
    for _ in range(int(sys.argv[1])):
        started_s = time.perf_counter()
        cam.start()
        cam.end()
        cam.start()
        cam.end()
        costs_us.append((time.perf_counter() - started_s) / 4 * 1e6)
        while time.perf_counter() - started_s < PAUSE_S:
            pass
    print(median(costs_us))


if __name__ == "__main__":
    main()
