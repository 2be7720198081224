"""The loop that is watched: it lists the cluster, estimates, creates and deletes nodes, and rests.

It is run as `python -m daemon.demo.simulator.loop WATCHER TARGET PIDFILE API-PORT`, and writes what each
iteration took to standard output, in lines of JSON.
"""

import argparse
import os
import signal
import sys
import time
from pathlib import Path

import msgspec

from daemon.demo import workers
from daemon.demo.autoscaler import beat
from daemon.demo.simulator.client import ApiError, Client
from daemon.demo.simulator.contract import NODES_PATH, PODS_PATH, Iterated, Nodes, Pods, PodSeen
from daemon.demo.simulator.scaling import planned

_THREADS = 4
_NODES_A_CALL = 20
_PATIENCE_S = 10.0  # beyond a busy machine's: a lost heartbeat would look like the daemon's fault


def iterate(client: Client) -> None:
    """One turn; raises ApiError."""
    nodes = refresh_nodes(client)
    pods = refresh_pods(client)
    plan = planned(nodes, pods)
    scale_up(client, plan.create)
    scale_down(client, plan.delete)


def refresh_nodes(client: Client) -> Nodes:
    """All nodes."""
    return msgspec.json.decode(client.call("GET", NODES_PATH), type=Nodes)


def refresh_pods(client: Client) -> list[PodSeen]:
    """All pods, page by page."""
    found: list[PodSeen] = []
    begin = 0
    while True:
        page = msgspec.json.decode(client.call("GET", f"{PODS_PATH}?from={begin}"), type=Pods)
        found += page.items
        if not (begin := page.following):
            return found


def scale_up(client: Client, count: int) -> None:
    """So many nodes more, as many a call as a cloud takes."""
    for first in range(0, count, _NODES_A_CALL):
        client.call("POST", f"{NODES_PATH}?count={min(_NODES_A_CALL, count - first)}")


def scale_down(client: Client, names: tuple[str, ...]) -> None:
    """These nodes go, a call for each."""
    for name in names:
        client.call("DELETE", f"{NODES_PATH}/{name}")


def main() -> None:
    """Loop until SIGTERM."""
    args = _arguments()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who started us, and sends SIGTERM then
    signal.signal(signal.SIGTERM, _end)
    workers.start(_THREADS)
    args.pidfile.write_text(f"{os.getpid()}\n")
    client, number = Client(args.api_port), 0
    while True:
        number += 1
        beat(args.watcher, "start", args.target, number, _PATIENCE_S)
        began_s = time.monotonic()
        retries, backed_off_s, failed = client.retries, client.backed_off_s, ""
        try:
            iterate(client)
        except ApiError as error:
            failed = str(error)
        took_s = time.monotonic() - began_s
        beat(args.watcher, "end", args.target, number, _PATIENCE_S)
        _tell(
            Iterated(
                took_s=took_s,
                backed_off_s=client.backed_off_s - backed_off_s,
                retries=client.retries - retries,
                failed=failed,
            )
        )
        time.sleep(args.rest)


def _tell(one: Iterated) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(one) + b"\n")
    sys.stdout.flush()


def _end(number: int, frame: object) -> None:
    os._exit(0)  # there is nothing to undo, and at once is best: the end may come in any line


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("watcher")
    parser.add_argument("target")
    parser.add_argument("pidfile", type=Path)
    parser.add_argument("api_port", type=int)
    parser.add_argument("--rest", type=float, required=True, help="seconds between iterations")
    return parser.parse_args()


if __name__ == "__main__":
    main()
