"""A small autoscaler-like program: healthy iterations, then one that stalls for a cause of your choice.

It is run as `python -m daemon.demo.autoscaler WATCHER TARGET PIDFILE`, and needs nothing but the standard
library. The watcher is a URL, which gets heartbeats, or the path of a log file: then it only logs, as any
program does.
"""

import argparse
import http.client
import logging
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

from daemon.demo import api, healthy, workers
from daemon.demo.stalls import DEFAULT, STALLS
from daemon.demo.stalls.contract import Setting, Stall

HEALTHY_ITERATIONS = 4
STALL_S = 6.0
THREADS = 4
PAUSE_S = 0.3
_EVERY = 10

LINES = {"start": "Starting main loop", "end": "Main loop done"}


def run_once(stall: Stall, setting: Setting, depth: int) -> None:
    """The part of an iteration that stalls, so many calls deep."""
    if depth > 0:
        run_once(stall, setting, depth - 1)
    else:
        stall.run(setting)


def say(watcher: str, event: str, target: str, iteration: int) -> None:
    """Tell of an iteration: by a heartbeat, or by a line of the log."""
    if watcher.startswith("http://"):
        beat(watcher, event, target, iteration)
    else:
        logging.info("%s %d", LINES[event], iteration)


def beat(url: str, event: str, target: str, iteration: int, patience_s: float = 0.5) -> None:
    """Send one heartbeat; a loop must not wait for its watcher, so every error is let go, and soon."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=patience_s)
    try:
        connection.request("POST", f"/v1/heartbeat/{event}?target={target}&iteration={iteration}")
        connection.getresponse().read()
    except OSError as error:
        print(f"heartbeat not sent: {error}", file=sys.stderr)
    finally:
        connection.close()


def main() -> None:
    """Loop for ever; the iteration after the healthy ones stalls, and so does every tenth after it."""
    args = _arguments()
    if not args.watcher.startswith("http://"):
        logging.basicConfig(
            filename=args.watcher, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
        )
    signal.signal(signal.SIGTERM, _end)
    with tempfile.TemporaryDirectory(prefix="autoscaler-", dir=args.pidfile.absolute().parent) as place:
        stall, folder = STALLS[args.stall], Path(place)
        setting = Setting(args.seconds, args.threads, folder, api.serve())
        with setting.undo:
            stall.prepare(setting)
            healthy.prepare(folder)
            workers.start(args.threads)
            args.pidfile.write_text(f"{os.getpid()}\n")
            _loop(args, stall, setting)


def is_stalling(iteration: int, healthy_iterations: int = HEALTHY_ITERATIONS) -> bool:
    """Whether this is the iteration after the healthy ones, or a tenth after that."""
    return iteration > healthy_iterations and (iteration - healthy_iterations) % _EVERY == 1


def _loop(args: argparse.Namespace, stall: Stall, setting: Setting) -> None:
    iteration = 0
    while True:
        iteration += 1
        say(args.watcher, "start", args.target, iteration)
        healthy.iterate(setting.folder, setting.api_port, iteration)
        if is_stalling(iteration, args.healthy):
            run_once(stall, setting, args.depth)
        say(args.watcher, "end", args.target, iteration)
        time.sleep(PAUSE_S)


def _end(number: int, frame: object) -> None:
    raise SystemExit(128 + number)  # so that what was begun is ended


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("watcher")
    parser.add_argument("target")
    parser.add_argument("pidfile", type=Path)
    parser.add_argument("--stall", choices=tuple(STALLS), default=DEFAULT)
    parser.add_argument("--seconds", type=float, default=STALL_S)
    parser.add_argument("--threads", type=int, default=THREADS)
    parser.add_argument("--depth", type=int, default=0)
    parser.add_argument("--healthy", type=int, default=HEALTHY_ITERATIONS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
