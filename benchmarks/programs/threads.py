"""A target: `threads THREADS DEPTH [SLOTS_FILE]`. With a file threads work and count; without, they wait."""

import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.slots import Slots

UNIT = 600  # additions: some 40 microseconds


def descend(depth: int, then: Callable[[], None]) -> None:
    """Do something so many calls deep."""
    if depth > 1:
        descend(depth - 1, then)
    else:
        then()


def work(slots: Slots, number: int) -> None:
    """Units of work, each counted."""
    values = slots.values
    while True:
        total = 0
        for summand in range(UNIT):
            total += summand
        values[number] += 1


def wait() -> None:
    """Nothing, for good."""
    threading.Event().wait()


def main() -> None:
    """Start the threads; this one is the first of them."""
    count, depth = map(int, sys.argv[1:3])
    jobs: list[Callable[[], None]] = [wait] * count
    if len(sys.argv) > 3:
        slots = Slots(Path(sys.argv[3]), count)
        jobs = [partial(work, slots, number) for number in range(count)]
    for job in jobs[1:]:
        threading.Thread(target=descend, args=(depth, job), daemon=True).start()
    print("ready", flush=True)
    descend(depth, jobs[0])


if __name__ == "__main__":
    main()
