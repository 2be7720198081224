"""All outboxes together, and the drawing that comes before them."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Mapping

from daemon.config.settings import Part
from daemon.delivery.drawing import draw
from daemon.delivery.outbox import OnResult, Outbox
from daemon.spool.entry import Entry
from daemon.spool.spool import Spool
from daemon.worker.handle import Worker
from model.errors import LoopcamError, RenderError
from sinks.contract import Sink

_LOG = logging.getLogger(__name__)

WAITING = 2  # one is drawn, and another one waits already
LOOK_S, LOOKS = 0.5, 10  # drawing is tried again after so many looks at the disk; once it has space, at once


class Deliveries:
    """Takes accepted reports and brings them to every sink."""

    def __init__(self, sinks: Iterable[Part[Sink]], spool: Spool, on_result: OnResult) -> None:
        self._spool = spool
        self._on_result = on_result
        self.on_accepted: Callable[[], None] = lambda: None  # who wants to hear of each
        self.on_drawn: Callable[[Entry], None] = lambda entry: None
        self._pen = asyncio.Lock()  # one report is drawn at a time
        self._drawing: set[str] = set()
        self._all_drawn = asyncio.Event()
        self._all_drawn.set()
        self._tasks: asyncio.TaskGroup | None = None
        self._drawers: list[asyncio.Task[None]] = []
        self._running: dict[str, asyncio.Task[None]] = {}
        self.outboxes: Mapping[str, Outbox] = {}
        self._sinks = tuple(sinks)

    async def start(self, tasks: asyncio.TaskGroup) -> None:
        """Take up everything that an earlier daemon left undone."""
        self._tasks = tasks
        self.use(self._sinks)
        self.take_up(self._spool.entries.values())

    def take_up(self, entries: Iterable[Entry]) -> None:
        """Go on with what an earlier daemon left undone of these."""
        for entry in entries:
            if self._tasks is not None and not entry.drawn:
                work = self.accepted(entry)
                self._drawers.append(self._tasks.create_task(work, name=f"draw {entry.id}"))
        for outbox in self.outboxes.values():
            outbox.wake()

    def use(self, sinks: Iterable[Part[Sink]]) -> None:
        """Deliver to these sinks from now on; one that is no longer there keeps its state on disk."""
        wanted = {part.name: part for part in sinks}
        kept = {name: box for name, box in self.outboxes.items() if box.part == wanted.get(name)}
        for name in self.outboxes.keys() - kept.keys():
            if name in self._running:
                self._running.pop(name).cancel()
        self.outboxes = {
            name: kept.get(name) or Outbox(part, self._spool, self._on_result)
            for name, part in wanted.items()
        }
        self._spool.owe_to(tuple(wanted))
        if self._tasks is not None:
            for name in self.outboxes.keys() - self._running.keys():
                work = self.outboxes[name].run()
                self._running[name] = self._tasks.create_task(work, name=f"deliver to {name}")

    async def warm(self) -> Worker | None:
        """Start a renderer and the store processes while a capture still runs; raises OSError.

        No renderer while reports wait for theirs: each would only hold memory until its turn.
        """
        for outbox in self.outboxes.values():
            try:
                await outbox.warm()
            except (LoopcamError, OSError) as error:  # the attempt itself will tell
                _LOG.warning("store process not started", extra={"sink": outbox.name, "error": str(error)})
        return None if len(self._drawing) >= WAITING else await Worker.start_renderer()

    def cool(self) -> None:
        """The capture is over; its report, if there is one, is accepted."""
        for outbox in self.outboxes.values():
            outbox.cool()

    async def accepted(self, entry: Entry, renderer: Worker | None = None) -> None:
        """Draw a report and hand it to the outboxes; goes on trying for as long as it takes."""
        self.on_accepted()
        while not await self._drawn(entry, renderer):
            renderer = None
            await self._pause()
            self._spool.make_room()
        self.on_drawn(entry)
        for outbox in self.outboxes.values():
            outbox.wake()

    async def _pause(self) -> None:
        """Wait until drawing may go better."""
        full = self._spool.disk_full()
        for _ in range(LOOKS):
            await asyncio.sleep(LOOK_S)
            if full and not self._spool.disk_full():
                return

    async def _drawn(self, entry: Entry, renderer: Worker | None) -> bool:
        self._drawing.add(entry.id)
        self._all_drawn.clear()
        try:
            async with self._pen:
                await draw(entry, renderer)
        except (RenderError, OSError) as error:
            _LOG.warning("report not drawn yet", extra={"report": entry.id, "error": str(error)})
            return False
        finally:
            self._drawing.discard(entry.id)
            if not self._drawing:
                self._all_drawn.set()
        return True

    async def drained(self) -> None:
        """Wait until all that can be delivered now is delivered."""
        await self._all_drawn.wait()
        for outbox in self.outboxes.values():
            await outbox.drained()

    async def stop(self) -> None:
        """End every outbox; what is not delivered is taken up at the next start."""
        tasks = (*self._drawers, *self._running.values())
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
