"""What a target is held by: a process, or an address where nothing but its HTTP is within reach."""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol, Self

from model.capture import ProcessIdentity


class Held(Protocol):
    """What is there of a target. A capture may hold it longer than its target does."""

    @property
    def identity(self) -> ProcessIdentity | None:
        """Its process, if that is what it is."""

    def alive(self) -> bool:
        """Whether it is still there."""

    def age_s(self) -> float:
        """Seconds since it began; endless where that is not known."""

    def watch(self, on_exit: Callable[[], None]) -> Callable[[], None]:
        """Call `on_exit` when it ends; returns how to stop that."""

    def share(self) -> Self:
        """Hold it once more."""

    def close(self) -> None:
        """Let go of it."""


class HeldAddress:
    """An address that a name led to. It is there until the name leads there no more."""

    identity = None

    def __init__(self, address: str, *, appeared_s: float | None = None) -> None:
        """`appeared_s`: when it was seen to come (monotonic); None when it was there before us."""
        self.address = address
        self._appeared_s = appeared_s
        self._there = True
        self._on_exit: list[Callable[[], None]] = []

    def alive(self) -> bool:
        """Whether its name still leads there."""
        return self._there

    def age_s(self) -> float:
        """Seconds since it appeared."""
        return float("inf") if self._appeared_s is None else time.monotonic() - self._appeared_s

    def watch(self, on_exit: Callable[[], None]) -> Callable[[], None]:
        """Call `on_exit` when it vanishes; returns how to stop that."""
        if not self._there:
            return asyncio.get_running_loop().call_soon(on_exit).cancel
        self._on_exit.append(on_exit)
        return lambda: self._on_exit.remove(on_exit) if on_exit in self._on_exit else None

    def share(self) -> Self:
        """Nothing has to be held."""
        return self

    def close(self) -> None:
        """Nothing has to be let go of."""

    def vanish(self) -> None:
        """Its name leads there no more."""
        self._there = False
        callbacks, self._on_exit = self._on_exit, []
        for callback in callbacks:
            callback()
