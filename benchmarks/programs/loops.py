"""Many loops, a process each: `loops COUNT SOCKET`. Each says `beat loop-N` about once a second.

Prints their process ids in one line. They are forked, so that a thousand fit into a small machine.
"""

import contextlib
import ctypes
import os
import random
import signal
import socket
import sys
import time

EVERY_S = 1.0
_PR_SET_PDEATHSIG = 1


def loop(name: str, place: str) -> None:
    """Turn once a second, heard or not, until the end."""
    random.seed(name)
    time.sleep(random.random() * EVERY_S)  # their beats are spread
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        while True:
            with contextlib.suppress(OSError):  # nobody listens yet, or the queue is full
                sender.sendto(f"beat {name}".encode(), socket.MSG_DONTWAIT, place)
            time.sleep(EVERY_S)


def main() -> None:
    """Fork them all, and wait for the end."""
    count, place = int(sys.argv[1]), sys.argv[2]
    prctl, parent, pids = ctypes.CDLL(None).prctl, os.getpid(), []
    for number in range(count):
        if (pid := os.fork()) == 0:
            prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() == parent:
                loop(f"loop-{number}", place)
            os._exit(0)
        pids.append(pid)
    print(*pids, flush=True)
    signal.pause()


if __name__ == "__main__":
    main()
