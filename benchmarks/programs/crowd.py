"""Many targets: `crowd COUNT SOCKET EVERY_S`. Prints their process ids; each has an iteration now and then.

Forked of one interpreter, so that a thousand fit on a small machine: each is a Python process of its own.
"""

import os
import signal
import socket
import sys
import time
from pathlib import Path

PREFIX = "member"


def member() -> None:
    """Be there, and end with the parent."""
    while os.getppid() != 1:
        time.sleep(5)


def main() -> None:
    """Fork, then tell their iterations one after the other, evenly over the time."""
    count, place, every_s = int(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
    pids = []
    for _ in range(count):
        if (pid := os.fork()) == 0:
            member()
            os._exit(0)
        pids.append(pid)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    print(*pids, flush=True)
    try:
        while not place.exists():
            time.sleep(0.1)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.connect(str(place))
            _tell(sender, count, every_s)
    except (KeyboardInterrupt, ConnectionError):  # the daemon may end first
        pass
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def _tell(sender: socket.socket, count: int, every_s: float) -> None:
    began_s, told = time.monotonic(), 0
    while True:
        sender.send(f"start {PREFIX}-{told % count}".encode())
        sender.send(f"end {PREFIX}-{told % count}".encode())
        told += 1
        time.sleep(max(0.0, began_s + told * every_s / count - time.monotonic()))


if __name__ == "__main__":
    main()
