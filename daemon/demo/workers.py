"""Threads like those of any controller: most wait, some work a little."""

import queue
import threading
import time
from collections.abc import Callable

from daemon.demo.packing import simulate_binpacking_of_pending_pods


def watch_nodes() -> None:
    """Wait for events."""
    events: queue.Queue[int] = queue.Queue()
    while True:
        events.get()


def renew_lease() -> None:
    """Wake up now and then."""
    while True:
        time.sleep(0.2)


def sum_up_metrics() -> None:
    """Work for a millisecond or two, ten times a second."""
    while True:
        simulate_binpacking_of_pending_pods(0.001)
        time.sleep(0.1)


_KINDS: tuple[tuple[str, Callable[[], None]], ...] = (
    ("lease-renewer", renew_lease),
    ("node-watcher", watch_nodes),
    ("metrics", sum_up_metrics),
    ("pod-watcher", watch_nodes),
)


def start(count: int) -> None:
    """So many threads, of every kind in turn."""
    for number in range(count):
        name, work = _KINDS[number % len(_KINDS)]
        threading.Thread(target=work, name=f"{name}-{number}", daemon=True).start()
