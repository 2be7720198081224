"""What a stranger is: a small program of a shape of its own, and the causes that are right for it."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Place:
    """What a stranger may use."""

    seconds: float  # how long it lasts, about
    folder: Path  # scratch on disk, removed at the end
    port: int  # of a server on loopback, in another process: see `server`

    @property
    def silent(self) -> str:
        """A URL that is answered when the stall is over."""
        return f"http://127.0.0.1:{self.port}/silent?seconds={self.seconds:g}"


def nothing(place: Place) -> None:
    """There is nothing to make ready."""


@dataclass(frozen=True)
class Stranger:
    """One entry of the registry."""

    causes: tuple[str, ...]  # any of them is right, the plainest first
    does: str  # what happens, in a few words
    run: Callable[[Place], object]
    prepare: Callable[[Place], None] = field(default=nothing)  # before the first iteration
    asked: bool = False  # no iteration runs: the capture is asked for, of a process that is well


def lasting(seconds: float) -> Iterator[None]:
    """Go on until the time is over."""
    until_s = time.monotonic() + seconds
    while time.monotonic() < until_s:
        yield


def crunch(seconds: float) -> int:
    """Plain Python that computes."""
    total = 0
    for _ in lasting(seconds):
        for number in range(2000):
            total += number * number % 7
    return total
