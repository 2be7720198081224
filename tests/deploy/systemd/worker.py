"""A service with a loop: `worker.py NAME SOCKET STALL`. It stalls while the file STALL is there."""

import contextlib
import socket
import sys
import time
from pathlib import Path

NAME, PLACE = sys.argv[1:3]
STALL = Path(sys.argv[3])


def say(event: str) -> None:
    with contextlib.suppress(OSError):  # nobody listens yet
        MOUTH.sendto(f"{event} {NAME}".encode(), PLACE)


def stalled_here() -> None:
    while STALL.exists():
        sum(range(1000))


MOUTH = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
while True:
    say("start")
    stalled_here()
    say("end")
    time.sleep(0.05)
