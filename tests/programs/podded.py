"""An autoscaler in a pod: it tells its iterations by heartbeat, and by lines in each of the files LOGS.

While the file STALL exists, an iteration does not end: it is in `the_culprit`. With HANG it ignores SIGTERM.
THREADS others wait, sixty calls deep. It serves HTTP on PORT, and with STANDBY never begins an iteration.
"""

import os
import signal
import threading
import time
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from loopcam import Loopcam

STALL = Path(os.environ["STALL"])
LOGS = os.environ.get("LOGS", "").split()


def say(words):
    """A line in each of its logs."""
    for path in LOGS:
        with open(path, "a") as log:
            log.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {words}\n")


def the_culprit():
    """Computes until it is let go."""
    until = time.monotonic() + 0.05
    number = 1
    while time.monotonic() < until:
        number = (number * 31 + 7) % 1000003


def run_once():
    """One iteration."""
    the_culprit()
    while STALL.exists():
        the_culprit()


def patient(depth):
    """Waits for ever."""
    if depth:
        patient(depth - 1)
    else:
        threading.Event().wait()


def main():
    """For ever."""
    for _ in range(int(os.environ.get("THREADS", "0"))):
        threading.Thread(target=patient, args=(60,), daemon=True).start()
    if "HANG" in os.environ:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if port := os.environ.get("PORT"):
        server = ThreadingHTTPServer(("127.0.0.1", int(port)), SimpleHTTPRequestHandler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
    if "STANDBY" in os.environ:
        threading.Event().wait()
    cam = Loopcam()
    while True:
        say("iteration starts")
        with cam.iteration():
            run_once()
        say("iteration done")
        time.sleep(0.2)


if __name__ == "__main__":
    main()
