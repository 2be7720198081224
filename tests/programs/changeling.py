"""A loop that becomes something else when told so: `exec`, `exec-sleep`, `fork`, `thread` or `exit`."""

import os
import sys
import threading
import time

commands: list[str] = []


def before_the_change() -> None:
    """The loop of the first life."""
    while not commands:
        time.sleep(0.001)


def after_the_change() -> None:
    """The loop of the second life."""
    while True:
        time.sleep(0.001)


def in_the_child() -> None:
    """The loop of a forked child, which ends with its parent."""
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(0.001)
    os._exit(0)


def change(command: str) -> None:
    """Become what was asked for."""
    if command == "exec":
        os.execv(sys.executable, [sys.executable, __file__, "again"])
    elif command == "exec-sleep":
        os.execv("/bin/sleep", ["sleep", "60"])
    elif command == "exit":
        os._exit(0)
    elif command == "fork" and os.fork() == 0:
        in_the_child()


def obey() -> None:
    """Take commands; the end of the input ends it."""
    for line in sys.stdin:
        commands.append(line.strip())
    os._exit(0)


if __name__ == "__main__":
    print("ready", flush=True)
    threading.Thread(target=obey, name="commands", daemon=True).start()
    if len(sys.argv) > 1:
        after_the_change()
    before_the_change()
    change(commands[0])
    after_the_change()
