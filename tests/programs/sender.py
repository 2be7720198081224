"""A loop that tells its iterations by datagrams: `python sender.py SECONDS... [--exit N] [--wait]`."""

import os
import signal
import socket
import sys
import time


def the_culprit(seconds: float) -> None:
    """Burn CPU for a while."""
    until_s = time.monotonic() + seconds
    while time.monotonic() < until_s:
        sum(range(1000))


def main() -> int:
    """Run an iteration of each length, then end, or wait for a signal."""
    code = int(sys.argv[sys.argv.index("--exit") + 1]) if "--exit" in sys.argv else 0
    took_s = [float(word) for word in sys.argv[1:] if word[0].isdigit()]
    took_s = took_s[:-1] if "--exit" in sys.argv else took_s
    target = os.environ["LOOPCAM_TARGET"]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.connect(os.environ["LOOPCAM_SOCKET"])
        for number, seconds in enumerate(took_s):
            sender.send(f"start {target} {number}".encode())
            the_culprit(seconds)
            sender.send(f"end {target} {number}".encode())
    if "--wait" in sys.argv:
        for caught in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(caught, lambda number, _: sys.exit(40 + number))
        print("ready", flush=True)
        while True:
            time.sleep(0.05)
    return code


if __name__ == "__main__":
    sys.exit(main())
