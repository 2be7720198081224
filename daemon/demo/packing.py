"""The autoscaler's own work, in pure Python."""

import random
import time


def simulate_binpacking_of_pending_pods(seconds: float) -> int:
    """Try every pod on every node, again and again."""
    pods = [random.randrange(1, 64) for _ in range(2000)]  # noqa: S311  # sizes of pods, not secrets
    until_s, packed = time.monotonic() + seconds, 0
    while time.monotonic() < until_s:
        for pod in pods:
            for free in (8, 16, 32, 64):
                packed += pod <= free
    return packed
