"""Calls, returns and starts threads all the time: its stacks change while they are read."""

import threading
from collections.abc import Iterator


def restless(depth: int) -> int:
    return 1 if depth < 2 else restless(depth - 1) + restless(depth - 2)


def descend(depth: int) -> Iterator[int]:
    if depth:
        yield from descend(depth - 1)
    yield depth


print("ready", flush=True)
while True:
    restless(12)
    sum(descend(30))
    thread = threading.Thread(target=restless, args=(5,))
    thread.start()
    thread.join()
