"""Threads that wait for each other."""

import fcntl
import hashlib
import os
import queue
import threading
import time
from collections.abc import Callable

from benchmarks.strangers.contract import Place, lasting
from benchmarks.strangers.pools import ask

_BLOCK = bytes(64 * 2**20)


def _beside(work: Callable[[], object], name: str) -> None:
    threading.Thread(target=work, name=name, daemon=True).start()


def wait_for_word(place: Place) -> None:
    """A condition that another thread tells of late."""
    condition = threading.Condition()

    def tell() -> None:
        time.sleep(place.seconds)
        with condition:
            condition.notify_all()

    _beside(tell, "informer")
    with condition:
        condition.wait()


def join_queue(place: Place) -> None:
    """A queue whose worker asks a slow server."""
    jobs: queue.Queue[int] = queue.Queue()

    def work() -> None:
        jobs.get()
        ask(place)
        jobs.task_done()

    _beside(work, "uploader")
    jobs.put(1)
    jobs.join()


def enter_lock(place: Place) -> None:
    """A lock that a hashing thread holds."""
    guard, held = threading.RLock(), threading.Event()

    def digest() -> None:
        with guard:
            held.set()
            for _ in lasting(place.seconds):
                hashlib.sha256(_BLOCK)

    _beside(digest, "digester")
    held.wait()
    with guard:
        pass


def take_slot(place: Place) -> None:
    """A semaphore that has no place left."""
    slots, taken = threading.BoundedSemaphore(1), threading.Event()

    def keep() -> None:
        with slots:
            taken.set()
            time.sleep(place.seconds)

    _beside(keep, "keeper")
    taken.wait()
    slots.acquire()


def meet(place: Place) -> None:
    """A barrier that one thread reaches late."""
    barrier = threading.Barrier(2)

    def come() -> None:
        time.sleep(place.seconds)
        barrier.wait()

    _beside(come, "latecomer")
    barrier.wait()


def lock_file(place: Place) -> None:
    """A lock on a file that another process holds."""
    file = place.folder / "leader"
    file.touch()
    ready, done = os.pipe()
    if os.fork() == 0:
        with file.open() as theirs:
            fcntl.flock(theirs, fcntl.LOCK_EX)
            os.write(done, b"x")
            time.sleep(place.seconds)
            os._exit(0)
    os.read(ready, 1)
    with file.open() as ours:
        fcntl.flock(ours, fcntl.LOCK_EX)
