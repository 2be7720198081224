"""A small autoscaler-like program: healthy iterations, then one that stalls in a recognisable function.

It is run as `python autoscaler.py WATCHER TARGET PIDFILE`, and needs nothing but the standard library. The
watcher is a URL, which gets heartbeats, or the path of a log file: then it only logs, as any program does.
"""

import http.client
import logging
import os
import queue
import random
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

HEALTHY_ITERATIONS = 4
STALL_S = 6.0
PAUSE_S = 0.3


def simulate_binpacking_of_pending_pods(seconds: float) -> int:
    """The culprit: tries every pod on every node, again and again."""
    pods = [random.randrange(1, 64) for _ in range(2000)]  # noqa: S311  # sizes of pods, not secrets
    until_s, packed = time.monotonic() + seconds, 0
    while time.monotonic() < until_s:
        for pod in pods:
            for free in (8, 16, 32, 64):
                packed += pod <= free
    return packed


def refresh_cloud_provider() -> None:
    """Wait for an answer, as for an API."""
    time.sleep(0.05)


def run_once(stall_s: float) -> None:
    """One iteration of the main loop."""
    refresh_cloud_provider()
    simulate_binpacking_of_pending_pods(0.03 + stall_s)


def watch_nodes(events: "queue.Queue[int]") -> None:
    """A thread like those of any controller: it waits for events."""
    while True:
        events.get()


def renew_lease() -> None:
    """Another: it wakes up now and then."""
    while True:
        time.sleep(0.2)


LINES = {"start": "Starting main loop", "end": "Main loop done"}


def say(watcher: str, event: str, target: str, iteration: int) -> None:
    """Tell of an iteration: by a heartbeat, or by a line of the log."""
    if watcher.startswith("http://"):
        beat(watcher, event, target, iteration)
    else:
        logging.info("%s %d", LINES[event], iteration)


def beat(url: str, event: str, target: str, iteration: int) -> None:
    """Send one heartbeat; a loop must never wait for its watcher, so every error is let go."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=0.5)
    try:
        connection.request("POST", f"/v1/heartbeat/{event}?target={target}&iteration={iteration}")
        connection.getresponse().read()
    except OSError as error:
        print(f"heartbeat not sent: {error}", file=sys.stderr)
    finally:
        connection.close()


def main() -> None:
    """Loop for ever; the iteration after the healthy ones stalls, and so does every tenth after it."""
    watcher, target, pidfile = sys.argv[1:4]
    if not watcher.startswith("http://"):
        logging.basicConfig(
            filename=watcher, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
        )
    Path(pidfile).write_text(f"{os.getpid()}\n")
    events: queue.Queue[int] = queue.Queue()
    for number in range(3):
        threading.Thread(
            target=watch_nodes, args=(events,), name=f"node-watcher-{number}", daemon=True
        ).start()
    threading.Thread(target=renew_lease, name="lease-renewer", daemon=True).start()
    iteration = 0
    while True:
        iteration += 1
        say(watcher, "start", target, iteration)
        run_once(STALL_S if iteration % 10 == HEALTHY_ITERATIONS + 1 else 0.0)
        say(watcher, "end", target, iteration)
        time.sleep(PAUSE_S)


if __name__ == "__main__":
    main()
