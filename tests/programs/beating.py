"""Tells loopcam what it is told to tell, as `start 17`; `fork start` does it in a child. Answers `told`."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "deploy" / "clients"))
from loopcam import Loopcam

cam = Loopcam()


def tell(words: list[str]) -> None:
    getattr(cam, words[0])(*words[1:])


def wait_for_orders() -> None:
    for line in sys.stdin:
        words = line.split()
        if words[0] == "fork":
            if (child := os.fork()) == 0:
                tell(words[1:])
                os._exit(0)
            os.waitpid(child, 0)
        else:
            tell(words)
        print("told", flush=True)


print("ready", flush=True)
wait_for_orders()
