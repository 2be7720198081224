"""A target's speed with and without its watcher, in turn: what the machine does meanwhile happens to both."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from math import ceil, sqrt

from benchmarks.apparatus.slots import Slots

PAIR_S = 0.6  # each half; a daemon that is paused for a second says so
OF_NORMAL = 1.645  # 90 per cent of a normal distribution lie within as many standard deviations


def slowdowns(
    slots: Slots, watchers: Callable[[], Sequence[int]], work: Callable[[], None], pairs: int
) -> list[float]:
    """Per cent of the target's speed that each pair cost: half of it the watchers are stopped.

    `work` gives them something to do where they run, and takes no time itself.
    """
    return [_pair(slots, watchers, work, first=bool(number % 2)) for number in range(pairs)]


def _pair(
    slots: Slots, watchers: Callable[[], Sequence[int]], work: Callable[[], None], *, first: bool
) -> float:
    speeds = {}
    for stopped in (first, not first):
        with _stopped(watchers()) if stopped else contextlib.nullcontext():
            before, began_s = sum(slots.read()[:-1]), time.monotonic()
            if not stopped:
                work()
            time.sleep(PAIR_S)
            speeds[stopped] = (sum(slots.read()[:-1]) - before) / (time.monotonic() - began_s)
    return 100 * (1 - speeds[False] / speeds[True])


@contextlib.contextmanager
def _stopped(pids: Sequence[int]) -> Iterator[None]:
    """Processes stand still meanwhile; one that just ended is no loss."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in reversed(pids):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Between which two of the values the median lies, with a confidence of 90 per cent."""
    reach = ceil(OF_NORMAL * sqrt(len(values)) / 2)
    ordered, middle = sorted(values), len(values) // 2
    return ordered[max(0, middle - reach)], ordered[min(len(values) - 1, middle + reach)]
