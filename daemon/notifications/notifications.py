"""All notifications together: who is told of which report, and how that went."""

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Mapping

from daemon.config.parts import Part
from daemon.notifications.noticebox import NoticeBox
from daemon.spool.entry import Entry
from daemon.spool.spool import Spool
from daemon.spool.state import Delivery, Progress
from daemon.telemetry.series import Telemetry
from sinks.notification import Notification

_LOG = logging.getLogger(__name__)


class Notifications:
    """Tells of reports, in processes of their own. Nothing waits for it, and no report stays for it."""

    def __init__(self, parts: Iterable[Part[Notification]], spool: Spool, telemetry: Telemetry) -> None:
        self._parts = tuple(parts)
        self._spool = spool
        self._telemetry = telemetry
        self._tasks: asyncio.TaskGroup | None = None
        self._running: dict[str, asyncio.Task[None]] = {}
        self.boxes: Mapping[str, NoticeBox] = {}

    def start(self, tasks: asyncio.TaskGroup) -> None:
        """Take up every message that an earlier daemon left unsent."""
        self._tasks = tasks
        self.use(self._parts)

    def use(self, parts: Iterable[Part[Notification]]) -> None:
        """Tell these from now on; one that is no longer there keeps its state on disk."""
        wanted = {part.name: part for part in parts}
        self._parts = tuple(wanted.values())
        kept = {name: box for name, box in self.boxes.items() if box.part == wanted.get(name)}
        for name in self.boxes.keys() - kept.keys():
            if name in self._running:
                self._running.pop(name).cancel()
        self.boxes = {
            name: kept.get(name) or NoticeBox(part, self._spool, self._result)
            for name, part in wanted.items()
        }
        if self._tasks is not None:
            for name in self.boxes.keys() - self._running.keys():
                work = self.boxes[name].run()
                self._running[name] = self._tasks.create_task(work, name=f"notify {name}")

    def wake(self) -> None:
        """A report was accepted or stored."""
        for box in self.boxes.values():
            box.wake()

    async def drained(self) -> None:
        """Wait until all is told that can be told now."""
        for box in self.boxes.values():
            await box.drained()

    async def stop(self) -> None:
        """End all; what is not told is taken up at the next start."""
        for task in self._running.values():
            task.cancel()
        for task in self._running.values():
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def _result(self, notice: str, entry: Entry, delivery: Delivery) -> None:
        """Tell how an attempt to tell went."""
        name, _, moment = notice.rpartition(".")
        about = {"report": entry.id, "notification": name, "moment": moment}
        if delivery.progress is Progress.DELIVERED:
            self._telemetry.notifications.labels(name, "delivered").inc()
            _LOG.info("notification sent", extra={**about, "to": delivery.location})
            return
        dead = delivery.progress is Progress.DEAD
        self._telemetry.notifications.labels(name, "dead" if dead else "retry").inc()
        said = {**about, "error": delivery.error, "remedy": delivery.remedy}
        _LOG.warning("notification given up" if dead else "notification not sent yet", extra=said)
