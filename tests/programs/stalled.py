"""`stalled.py [THREADS] [DEPTH]`: the main thread computes in `the_culprit`, the others wait in `patient`.

Each waits at the bottom of a recursion DEPTH deep. A line `exit` ends it, as the end of the input does.
Runs on every Python 3.
"""

import os
import sys
import threading

done = threading.Event()


def the_culprit():
    """Computes for ever."""
    print("ready", flush=True)
    number = 0
    while True:
        number = (number * 31 + 7) % 1000003


def patient(depth):
    """Waits for ever, `depth` calls down."""
    if depth:
        patient(depth - 1)
    else:
        done.wait()


def descend(depth):
    """Computes for ever, `depth` calls down."""
    if depth:
        descend(depth - 1)
    else:
        the_culprit()


def obey():
    """Ends with the input, or when told."""
    sys.stdin.readline()
    os._exit(0)


def main():
    """Start the threads and stall."""
    threads, depth = [int(word) for word in [*sys.argv[1:3], 1, 1][:2]]
    for number in range(threads):
        threading.Thread(target=patient, args=(depth,), name=f"patient-{number}", daemon=True).start()
    threading.Thread(target=obey, name="commands", daemon=True).start()
    descend(depth)


if __name__ == "__main__":
    main()
