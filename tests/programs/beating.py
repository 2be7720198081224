"""Tells loopcam what it is told to tell, as `start 17`, and answers `told`.

`fork start` does it in a child; `hurry 400` runs as many iterations as fast as it can.
"""

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
        elif words[0] == "hurry":
            for _ in range(int(words[1])):
                cam.start()
                cam.end()
        else:
            tell(words)
        print("told", flush=True)


print("ready", flush=True)
wait_for_orders()
