"""One notification's queue: an outbox whose parcels are words about reports."""

import asyncio
import time
from collections.abc import Iterator

import msgspec

from daemon.config.parts import Part
from daemon.delivery.outbox import OnResult, Outbox
from daemon.notifications.notices import key
from daemon.spool.entry import Entry
from daemon.spool.spool import Spool
from daemon.spool.state import Delivery, Progress
from daemon.worker.handle import Worker
from daemon.worker.protocol import Job
from model.news import Moment
from sinks.notification import Notification


class NoticeBox(Outbox):
    """Tells one address of the spool's reports, one message at a time: first that one was accepted."""

    def __init__(self, part: Part[Notification], spool: Spool, on_result: OnResult) -> None:
        super().__init__(part, spool, on_result)
        self._options = part.options
        self._moment = Moment.ACCEPTED  # of the message that is being sent

    def undelivered(self) -> Iterator[tuple[Entry, Delivery]]:
        """Messages that are due, and dead ones."""
        for entry in sorted(self._spool.entries.values(), key=lambda entry: entry.id):
            yield from ((entry, dead) for _, dead in self._all(entry) if dead.progress is Progress.DEAD)
            if (due := self._state(entry)) is not None:
                yield entry, due

    async def retry(self, report_id: str | None = None) -> int:
        """Try dead and waiting messages again now; gives how many."""
        again = [
            (entry, name)
            for entry in self._spool.entries.values()
            if report_id in (None, entry.id)
            for name, notice in self._all(entry)
            if notice.progress is Progress.DEAD or notice.attempts
            if notice.progress is not Progress.DELIVERED
        ]
        for entry, name in again:
            await asyncio.to_thread(entry.set_notice, name, Delivery())
        self._down_until_s = 0.0
        self.wake()
        return len(again)

    def _all(self, entry: Entry) -> Iterator[tuple[str, Delivery]]:
        names = (self._key(moment) for moment in Moment)
        yield from ((name, entry.notices[name]) for name in names if name in entry.notices)

    def _key(self, moment: Moment) -> str:
        return key(self.name, moment)

    def _next(self, entry: Entry) -> Moment | None:
        """What is to be told next. That it is stored waits for what was to be told before."""
        for moment in Moment:
            notice = entry.notices.get(self._key(moment))
            if notice is None or notice.progress is not Progress.PENDING:
                continue
            return moment if moment is Moment.ACCEPTED or self._stored(entry) else None
        return None

    def _stored(self, entry: Entry) -> bool:
        found = entry.locations()
        return bool(found) if self._options.sink is None else self._options.sink in found

    def _state(self, entry: Entry) -> Delivery | None:
        moment = self._next(entry)
        return None if moment is None else entry.notices[self._key(moment)]

    def _ready(self, entry: Entry) -> bool:
        return self._next(entry) is not None

    async def _deliver(self, entry: Entry) -> None:
        self._moment = self._next(entry) or self._moment
        await super()._deliver(entry)

    def _keep(self, entry: Entry, delivery: Delivery) -> None:
        entry.set_notice(self._key(self._moment), delivery)

    def _job(self, entry: Entry) -> Job:
        directory, moment = str(entry.report_dir), self._moment
        return Job(directory=directory, moment=moment, locations=entry.locations())

    async def _start(self, setup: bytes) -> Worker:
        return await Worker.start_notifier(setup)

    def _judged(self, delivery: Delivery) -> Delivery:
        """Old news is no news: what did not get through for long is given up."""
        waited_s = time.time() - delivery.first_wall_s
        if delivery.progress is not Progress.PENDING or waited_s < self._options.give_up_after:
            return delivery
        return msgspec.structs.replace(delivery, progress=Progress.DEAD)

    def _tell(self, entry: Entry, delivery: Delivery) -> None:
        self._on_result(self._key(self._moment), entry, delivery)
