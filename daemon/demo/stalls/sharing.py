"""Stalls that wait for another thread."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from daemon.demo.packing import simulate_binpacking_of_pending_pods
from daemon.demo.stalls.contract import Setting, lasting

_NODES, _PODS = threading.Lock(), threading.Lock()


def refresh_cache(held: threading.Event, seconds: float) -> None:
    """The worker: it works, and holds the lock meanwhile."""
    with _NODES:
        held.set()
        for _ in lasting(seconds):
            simulate_binpacking_of_pending_pods(0.02)
            time.sleep(0.05)


def read_cache() -> None:
    """What the loop wants of it."""
    with _NODES:
        pass


def update_nodes(setting: Setting) -> None:
    """A worker holds the lock while it works; the loop wants it."""
    held = threading.Event()
    worker = threading.Thread(
        target=refresh_cache, args=(held, setting.seconds), name="cache-refresher", daemon=True
    )
    worker.start()
    held.wait()
    read_cache()
    worker.join()


def update_prices(setting: Setting) -> None:
    """The loop waits for what a pool's thread works out, which takes its time."""
    with ThreadPoolExecutor(1, thread_name_prefix="price-list") as pool:
        pool.submit(_price_list, setting.seconds).result()


def _price_list(seconds: float) -> None:
    for _ in lasting(seconds):
        simulate_binpacking_of_pending_pods(0.02)
        time.sleep(0.02)


def evict_pods(held: threading.Event, seconds: float) -> None:
    """Takes the locks in the wrong order; that it gives up in the end is what ends the demonstration."""
    with _PODS:
        held.set()
        time.sleep(0.2)
        if _NODES.acquire(timeout=seconds):
            _NODES.release()


def scale_down() -> None:
    """Takes both locks in the right order."""
    with _NODES:
        time.sleep(0.4)
        drain_nodes()


def drain_nodes() -> None:
    """Wants the second lock."""
    with _PODS:
        pass


def move_pods(setting: Setting) -> None:
    """Two threads, two locks: each waits for the other's."""
    held = threading.Event()
    other = threading.Thread(
        target=partial(evict_pods, held, setting.seconds), name="pod-evictor", daemon=True
    )
    other.start()
    held.wait()
    scale_down()
    other.join()
