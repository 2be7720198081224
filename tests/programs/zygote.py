"""Forks a child that works in `of_the_target`, and replaces it by another with the same number when told.

The second child works in `of_the_foreigner`, at the same addresses as the first: a profiler that reads by
number alone cannot tell. Says `child PID`; `swap` makes it say `swapped`, `drop` only ends the child.
Needs the right to write /proc/sys/kernel/ns_last_pid.
"""

import os
import signal
import sys

LAST_PID = "/proc/sys/kernel/ns_last_pid"


def of_the_target() -> None:
    """What the child does that may be looked at."""
    while True:
        pass


def of_the_foreigner() -> None:
    """What must never be seen."""
    while True:
        pass


def forked(work) -> int:
    """A child that does this work, and ends with us."""
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGALRM, lambda *_: os.getppid() == parent or os._exit(0))
        signal.setitimer(signal.ITIMER_REAL, 0.2, 0.2)
        work()
    return pid


def forked_as(wanted: int, work) -> int:
    """A child with this number; others may take it first, so it is tried often."""
    for _ in range(1000):
        with open(LAST_PID, "w") as file:
            file.write(str(wanted - 1))
        pid = forked(work)
        if pid == wanted:
            return pid
        end(pid)
    raise SystemExit("the number is taken")


def end(pid: int) -> None:
    """Kill a child and free its number."""
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def main() -> None:
    """Fork, and obey."""
    print("ready", flush=True)
    pid = forked(of_the_target)
    print("child", pid, flush=True)
    for line in sys.stdin:
        end(pid)
        if line.strip() == "swap":
            forked_as(pid, of_the_foreigner)
            print("swapped", flush=True)
        else:
            print("dropped", flush=True)
            return
    end(pid)


if __name__ == "__main__":
    main()
