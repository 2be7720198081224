"""A healthy iteration: a little of everything, so that a name on a stack alone proves nothing."""

import asyncio
import contextlib
import gc
import hashlib
import http.client
import json
import logging
import os
import pickle
import re
import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path

from daemon.demo.packing import simulate_binpacking_of_pending_pods

_CHILD_EVERY = 3
_LOCK = threading.Lock()
_LINE = re.compile(r"(?P<name>[\w-]+)\s+(?P<cpu>\d+)m")
_logger = logging.getLogger("autoscaler.work")


def prepare(folder: Path) -> None:
    """Let the program's own log go into its scratch folder."""
    _logger.propagate = False
    _logger.setLevel(logging.INFO)
    _logger.addHandler(logging.FileHandler(folder / "work.log"))


def iterate(folder: Path, api_port: int, iteration: int) -> None:
    """Everything once, each for some milliseconds."""
    nodes = refresh_cloud_provider(api_port)
    match_selectors(nodes)
    simulate_binpacking_of_pending_pods(0.02)
    save_state(folder, nodes)
    greet()
    if iteration % _CHILD_EVERY == 0:
        subprocess.run(["/bin/true"], check=False)
    asyncio.run(poll_events())
    sleep_before_retry()
    gc.collect(0)
    with _LOCK:
        _logger.info("iteration %d saw %d nodes", iteration, len(nodes))


def refresh_cloud_provider(port: int) -> list[dict[str, object]]:
    """Ask the API, by a name that has to be looked up."""
    socket.getaddrinfo("localhost", port, type=socket.SOCK_STREAM)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/nodes")
        nodes: list[dict[str, object]] = json.loads(connection.getresponse().read())
    finally:
        connection.close()
    return nodes


def match_selectors(nodes: list[dict[str, object]]) -> int:
    """Some text, matched."""
    return sum(_LINE.match(f"{node['name']} {number}m") is not None for number, node in enumerate(nodes))


def save_state(folder: Path, nodes: list[dict[str, object]]) -> None:
    """Write a checkpoint, and be sure that it is on disk."""
    text = json.dumps(nodes, indent=1).encode() + pickle.dumps(nodes)
    with (folder / "state").open("wb") as file:
        file.write(hashlib.sha256(text * 100).digest() + text)
        file.flush()
        os.fsync(file.fileno())


def greet() -> None:
    """What a client of HTTPS begins with: a context, and the first words of a handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    connection = context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="localhost")
    with contextlib.suppress(ssl.SSLWantReadError):
        connection.do_handshake()


async def poll_events() -> None:
    """A little asyncio."""
    await asyncio.sleep(0.005)


def sleep_before_retry() -> None:
    """The short kind."""
    time.sleep(0.01)
