"""A service with a loop: `worker.py NAME SOCKET STALL [LOG]`. It stalls while the file STALL is there.

It tells its turns by heartbeats; with LOG by lines of that file instead, or of standard output (-).
"""

import contextlib
import socket
import sys
import time
from pathlib import Path

NAME, PLACE, STALL, LOG = (*sys.argv[1:], "")[:4]


def say(event: str) -> None:
    if LOG:
        print(f"turn {event}", file=WRITTEN, flush=True)
        return
    with contextlib.suppress(OSError):  # nobody listens yet
        MOUTH.sendto(f"{event} {NAME}".encode(), PLACE)


def stalled_here() -> None:
    while Path(STALL).exists():
        sum(range(1000))


MOUTH = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
WRITTEN = sys.stdout if LOG in ("", "-") else Path(LOG).open("a")  # noqa: SIM115
while True:
    say("start")
    stalled_here()
    say("end")
    time.sleep(0.1)
