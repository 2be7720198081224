"""A target: a loop that tells its iterations, and stalls in `the_culprit` when it is told to.

`python looping.py [URL TARGET | LOG]`: it sends heartbeats, or writes lines; without either it tells nobody,
and stalls from the start. A line `stall` or `go` on standard input makes it so; the end of the input ends it.
"""

import os
import sys
import threading
import time
import urllib.request

ITERATION_S, PAUSE_S = 0.02, 0.03
released = threading.Event()


def the_culprit() -> None:
    """Does nothing until it is released."""
    while not released.wait(0.05):
        pass


def as_usual() -> None:
    """What there is to do in any iteration."""
    time.sleep(ITERATION_S)


def run_once() -> None:
    """One iteration."""
    as_usual()
    the_culprit()


def say(event: str, iteration: int) -> None:
    """A heartbeat, or a line; a loop does not care whether it is heard."""
    if len(sys.argv) == 2:
        with open(sys.argv[1], "a") as log:
            log.write(f"2026-11-21T10:00:00Z INFO iteration {iteration} {event}\n")
    if len(sys.argv) < 3:
        return
    url = f"{sys.argv[1]}/v1/heartbeat/{event}?target={sys.argv[2]}&iteration={iteration}"
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method="POST"), timeout=2):
            pass
    except OSError as error:
        print(f"not heard: {error}", file=sys.stderr)


def loop() -> None:
    """For ever."""
    iteration = 0
    while True:
        iteration += 1
        say("start", iteration)
        run_once()
        say("end", iteration)
        time.sleep(PAUSE_S)


def obey() -> None:
    """Commands, until there are no more."""
    for line in sys.stdin:
        released.clear() if line.strip() == "stall" else released.set()
    os._exit(0)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        released.set()
    threading.Thread(target=obey, name="commands", daemon=True).start()
    print("ready", flush=True)
    loop()
