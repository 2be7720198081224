"""The collection window: when it ends, and why."""

import asyncio
import time

from model.capture import Window, WindowEnd

AFTER_ITERATION_S = 1.0


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
        self._timers = [self._loop.call_later(collection_time_s, self.end, WindowEnd.COLLECTION_TIME)]

    async def ended(self) -> WindowEnd:
        """Wait for the end and give its reason; at once when it has ended."""
        return await asyncio.shield(self._end)

    def over(self) -> bool:
        """Whether it has ended."""
        return self._end.done()

    def end(self, why: WindowEnd) -> None:
        """End it now; a later reason changes nothing."""
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
