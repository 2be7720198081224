"""An event loop whose clock jumps to the next timer instead of waiting for it."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

STARTS_S = 1000.0


class VirtualLoop(asyncio.SelectorEventLoop):
    """Real descriptors, virtual time. `jump`: time passes while nothing runs, as when we are paused."""

    def __init__(self) -> None:
        self.now_s = STARTS_S
        super().__init__(_Impatient(self))

    def time(self) -> float:
        """The virtual time."""
        return self.now_s

    def jump(self, seconds: float) -> None:
        """Let time pass at once."""
        self.now_s += seconds


class _Impatient(selectors.DefaultSelector):
    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready now; otherwise the time of the next timer comes."""
        ready = super().select(timeout if timeout is None else 0)
        if not ready and timeout:
            self._loop.jump(timeout)
        return ready


def run(main: Callable[[VirtualLoop], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine in virtual time; it is given the loop."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, VirtualLoop)
        return runner.run(main(loop))
