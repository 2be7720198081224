"""A target: `threads THREADS DEPTH [SLOTS_FILE]`. With a file threads work and count; without, they wait.

One more slot than threads: the longest time, in nanoseconds, in which none of them came on; whoever reads
it sets it to 0.
"""

import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.apparatus.slots import Slots

UNIT = 600  # additions: some 40 microseconds
_begin = threading.Event()  # set once all are there: beside those at work, starting one takes long
_last = [time.monotonic_ns()]  # when a unit was done, by whomever


def descend(depth: int, then: Callable[[], None]) -> None:
    """Do something so many calls deep."""
    if depth > 1:
        descend(depth - 1, then)
    else:
        then()


def work(slots: Slots, number: int) -> None:
    """Units of work, each counted."""
    _begin.wait()
    values, longest = slots.values, len(slots.values) - 1
    while True:
        total = 0
        for summand in range(UNIT):
            total += summand
        values[number] += 1
        now_ns = time.monotonic_ns()
        if now_ns <= _last[0]:  # others came on while this thread had no GIL, with its time in hand
            continue
        gap_ns, _last[0] = now_ns - _last[0], now_ns
        if gap_ns > values[longest]:
            values[longest] = gap_ns


def wait() -> None:
    """Nothing, for good."""
    threading.Event().wait()


def main() -> None:
    """Start the threads; this one is the first of them."""
    count, depth = map(int, sys.argv[1:3])
    jobs: list[Callable[[], None]] = [wait] * count
    if len(sys.argv) > 3:
        slots = Slots(Path(sys.argv[3]), count + 1)
        jobs = [partial(work, slots, number) for number in range(count)]
    for job in jobs[1:]:
        threading.Thread(target=descend, args=(depth, job), daemon=True).start()
    _begin.set()
    print("ready", flush=True)
    descend(depth, jobs[0])


if __name__ == "__main__":
    main()
