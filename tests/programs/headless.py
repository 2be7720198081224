"""A process whose first thread has ended while another lives: it has no executable in /proc any more."""

import ctypes
import os
import sys
import threading
from pathlib import Path


def live_on() -> None:
    """Says `ready` once the first thread is a zombie, and ends with the input."""
    stat = Path(f"/proc/self/task/{os.getpid()}/stat")
    while stat.read_text().rpartition(")")[2].split()[0] != "Z":
        pass
    print("ready", flush=True)
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=live_on).start()
    ctypes.CDLL(None).syscall(60, 0)  # exit(2): of this thread only
