"""A target and a window for collectors, as a test wants them."""

import asyncio
import os
import time
from dataclasses import dataclass, field

from fetch.access import Endpoint
from model.capture import ProcessIdentity, WindowEnd
from model.events import Trigger, TriggerKind


@dataclass
class Subject:
    """A target whose iteration started so long ago; with None, none is in flight."""

    age_s: float | None = 10.0
    logs: tuple[str, ...] = ()
    name: str = "scaler"
    process: ProcessIdentity | None = None
    endpoint: Endpoint | None = None
    presets: tuple[str, ...] = ()
    gone: bool = False

    @property
    def trigger(self) -> Trigger:
        now_s = time.monotonic()
        started_s = None if self.age_s is None else now_s - self.age_s
        return Trigger(
            target=self.name, kind=TriggerKind.OVERRUN, reason="test", at_s=now_s, started_s=started_s
        )

    def alive(self) -> bool:
        return not self.gone


def ourselves() -> ProcessIdentity:
    """The test's own process."""
    return ProcessIdentity(pid=os.getpid(), start_ticks=0, uid=0, gid=0, executable="python", name="python")


@dataclass
class OpenWindow:
    """A window that ends when the test says so; `asked` is set once somebody waits for it."""

    collection_time_s: float = 30.0
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    _end: asyncio.Event = field(default_factory=asyncio.Event)

    def over(self) -> bool:
        return self._end.is_set()

    async def ended(self) -> WindowEnd:
        self.asked.set()
        await self._end.wait()
        return WindowEnd.COLLECTION_TIME

    def end(self) -> None:
        self._end.set()
