"""`left` and `right` take turns of 0.4 s; when it is told anything, it tells when each turn began, and ends.

It says `NAME MONOTONIC_SECONDS` a turn, and `over`. Runs on every Python 3.
"""

import select
import sys
import time

TURN_S = 0.4


def left(until_s):
    """Computes."""
    while time.monotonic() < until_s:
        pass


def right(until_s):
    """Waits."""
    while time.monotonic() < until_s:
        time.sleep(0.001)


def main():
    """Take turns."""
    print("ready", flush=True)
    turns = []
    while not select.select([sys.stdin], [], [], 0)[0]:
        whose = (left, right)[len(turns) % 2]
        now_s = time.monotonic()
        turns.append((whose.__name__, now_s))
        whose(now_s + TURN_S)
    for name, began_s in turns:
        print(name, began_s)
    print("over", flush=True)


if __name__ == "__main__":
    main()
