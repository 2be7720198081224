"""What a stall is: one function that is slow for a known cause, for a few seconds, and ends by itself."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Setting:
    """What a stall may use."""

    seconds: float  # how long it lasts, about
    threads: int  # how many threads the program has beside its own, or the stall makes
    folder: Path  # scratch on disk, removed at the end
    api_port: int  # of the program's own HTTP server on loopback
    undo: ExitStack = field(default_factory=ExitStack)  # what was made ready, until the program ends


def nothing(setting: Setting) -> None:
    """There is nothing to make ready."""


def possible() -> str:
    """It can be made everywhere."""
    return ""


@dataclass(frozen=True)
class Stall:
    """One entry of the registry."""

    cause: str  # a value of `model.verdict.Cause`: the verdict that is right
    does: str  # what happens, in a few words
    run: Callable[[Setting], None]
    prepare: Callable[[Setting], None] = nothing  # before the first iteration: what should not show
    missing: Callable[[], str] = possible  # why it cannot be made here


def lasting(seconds: float) -> Iterator[None]:
    """Go on until the time is over."""
    until_s = time.monotonic() + seconds
    while time.monotonic() < until_s:
        yield
