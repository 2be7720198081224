"""A loop that calls one stranger: `python -m benchmarks.strangers.program URL TARGET PIDFILE`.

The first iterations are healthy; what follows is as in the demonstration's program, so that reports can be
told apart in the same way. One that rests tells of no iterations.
"""

import argparse
import json
import os
import signal
import tempfile
import time
from pathlib import Path

from benchmarks.strangers import STRANGERS
from benchmarks.strangers.contract import Place, Stranger
from daemon.demo.autoscaler import PAUSE_S, beat, is_stalling


def main() -> None:
    args = _arguments()
    stranger = STRANGERS[args.stranger]
    signal.signal(signal.SIGTERM, _end)
    with tempfile.TemporaryDirectory(prefix="stranger-", dir=args.pidfile.absolute().parent) as folder:
        place = Place(args.seconds, Path(folder), args.server)
        stranger.prepare(place)
        args.pidfile.write_text(f"{os.getpid()}\n")
        if stranger.asked:
            stranger.run(place)
        else:
            _loop(args, stranger, place)


def _loop(args: argparse.Namespace, stranger: Stranger, place: Place) -> None:
    iteration = 0
    while True:
        iteration += 1
        beat(args.watcher, "start", args.target, iteration)
        _usual()
        if is_stalling(iteration):
            stranger.run(place)
        beat(args.watcher, "end", args.target, iteration)
        time.sleep(PAUSE_S)


def _usual() -> None:
    """What any iteration does: a little of this and that."""
    nodes = [{"name": f"node-{number}", "cpu": number % 8} for number in range(2000)]
    json.loads(json.dumps(nodes))
    sorted(nodes, key=lambda node: str(node["name"]))
    time.sleep(0.05)


def _end(number: int, frame: object) -> None:
    """Whatever waits, and with all children that a pool made: the benchmark gives it a group of its own."""
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(128 + number)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("watcher")
    parser.add_argument("target")
    parser.add_argument("pidfile", type=Path)
    parser.add_argument("--stranger", choices=tuple(STRANGERS), required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--server", type=int, required=True, help="port")
    return parser.parse_args()


if __name__ == "__main__":
    main()
