"""Holds secrets in its arguments, its environment and a local variable, and so does its child."""

import subprocess
import sys
import threading

SECRET = "canary-in-a-local-" + "variable"


def hold_a_secret(password: str) -> None:
    """Wait for ever with a secret at hand."""
    threading.Event().wait()
    print(password)


def live_with_parent() -> None:
    """End with the input."""
    sys.stdin.read()
    sys.exit()


if __name__ == "__main__":
    if sys.argv[1] == "child":
        threading.Thread(target=hold_a_secret, args=(SECRET,), daemon=True).start()
        print("ready", flush=True)
        live_with_parent()
    command = [sys.executable, __file__, "child", *sys.argv[1:]]
    with subprocess.Popen(command, stdin=subprocess.PIPE):  # its `ready` is ours
        hold_a_secret(SECRET)
