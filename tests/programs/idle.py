"""Every thread waits, nobody holds the GIL. It ends with its input."""

import os
import sys
import threading


def obey() -> None:
    """Ends with the input."""
    sys.stdin.read()
    os._exit(0)


def wait_for_ever() -> None:
    """Wait."""
    threading.Event().wait()


if __name__ == "__main__":
    threading.Thread(target=obey, name="commands", daemon=True).start()
    print("ready", flush=True)
    wait_for_ever()
