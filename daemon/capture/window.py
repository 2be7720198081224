"""The collection window: when it ends, and why."""

import asyncio
import time
from collections.abc import Callable

from model.capture import Window, WindowEnd

AFTER_ITERATION_S = 1.0
# When we are to stop, or the target is gone, evidence shall be durable within 2 s. That leaves
SAMPLERS_S = 1.2  # to samplers, to write their files
REST_S = 1.5  # and to everything else
_URGENT = {WindowEnd.SHUTDOWN: "loopcam stops", WindowEnd.TARGET_EXITED: "the target is gone"}


class Cut:
    """A moment from which on something is no longer waited for."""

    def __init__(self) -> None:
        self.come = False
        self._then: list[Callable[[], object]] = []

    def then(self, do: Callable[[], object]) -> None:
        """Have this done when it comes; at once when it has."""
        if self.come:
            do()
        else:
            self._then.append(do)

    def now(self) -> None:
        """It comes."""
        self.come, then, self._then = True, self._then, []
        for do in then:
            do()


class CaptureWindow:
    """Opens now. Whoever waits for `ended()` gets the first reason that came true."""

    def __init__(self, collection_time_s: float, *, follows_iteration: bool = True) -> None:
        """With `follows_iteration` it ends soon after the iteration that it was opened for."""
        self.collection_time_s = collection_time_s
        self.started_s = time.monotonic()
        self.follows_iteration = follows_iteration
        self.iteration_ended_s: float | None = None
        self._loop = asyncio.get_running_loop()
        self._end: asyncio.Future[WindowEnd] = self._loop.create_future()
        self._ended_s: float | None = None
        self.samplers_cut, self.cut = Cut(), Cut()
        self.first_look: Callable[[bytes], None] = lambda dump: None  # who is told of it
        self.urgent = ""  # why nothing may be waited for long
        self._timers = [self._loop.call_later(collection_time_s, self.end, WindowEnd.COLLECTION_TIME)]

    async def ended(self) -> WindowEnd:
        """Wait for the end and give its reason; at once when it has ended."""
        return await asyncio.shield(self._end)

    def over(self) -> bool:
        """Whether it has ended."""
        return self._end.done()

    def end(self, why: WindowEnd) -> None:
        """End it now; a later reason changes nothing, but that it may leave less time."""
        if why in _URGENT and not self.urgent:
            self.urgent = _URGENT[why]
            self._loop.call_later(SAMPLERS_S, self.samplers_cut.now)
            self._loop.call_later(REST_S, self.cut.now)
        for timer in self._timers:
            timer.cancel()
        if not self._end.done():
            self._ended_s = time.monotonic()
            self._end.set_result(why)

    def iteration_ended(self, at_s: float) -> None:
        """Note that the iteration is over: a second more shows how it came out of the stall."""
        if self.iteration_ended_s is not None:
            return
        self.iteration_ended_s = at_s
        if self.follows_iteration:
            self._timers.append(self._loop.call_later(AFTER_ITERATION_S, self.end, WindowEnd.ITERATION_ENDED))

    def summary(self) -> Window:
        """What goes into the capture, once it has ended."""
        end = self._end.result() if self._end.done() else WindowEnd.COLLECTION_TIME
        return Window(
            started_s=self.started_s,
            ended_s=self._ended_s or time.monotonic(),
            collection_time_s=self.collection_time_s,
            end=end,
        )
