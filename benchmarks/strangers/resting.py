"""Processes that are well: nothing is to be done, and no iteration runs."""

import asyncio
import queue
import selectors
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from benchmarks.strangers.contract import Place


def wait_for_end(place: Place) -> None:
    """Does a little every second, until it is told to end."""
    ended = threading.Event()
    while not ended.wait(1.0):
        sum(range(1000))


def wait_for_jobs(place: Place) -> None:
    """Reads a queue that is empty."""
    jobs: queue.Queue[int] = queue.Queue()
    while True:
        try:
            jobs.get(timeout=0.5)
        except queue.Empty:
            continue


def serve(place: Place) -> None:
    """A server that nobody asks."""
    ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler).serve_forever()


def accept(place: Place) -> None:
    """The same by hand."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        while True:
            server.accept()


def select(place: Place) -> None:
    """A loop of one's own over selectors."""
    with selectors.DefaultSelector() as selector, socket.create_server(("127.0.0.1", 0)) as server:
        selector.register(server, selectors.EVENT_READ)
        while True:
            selector.select(1.0)


def run_loop(place: Place) -> None:
    """An asyncio program with a timer."""

    async def tick() -> None:
        asyncio.get_running_loop().call_later(1.0, print, "")
        await asyncio.Event().wait()

    asyncio.run(tick())


def sleep_between(place: Place) -> None:
    """A loop that sleeps until its next turn."""
    while True:
        time.sleep(1.0)


def keep_pool(place: Place) -> None:
    """A pool without work, and a main thread that keeps the process."""
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(abs, range(4)))
        threading.Event().wait()
