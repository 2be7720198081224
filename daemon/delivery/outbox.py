"""One sink's queue: a store process when there is work, retries with backoff, dead ones kept."""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Iterator

import msgspec

from daemon.config.references import resolve
from daemon.config.settings import Part
from daemon.delivery.backoff import LONGEST_ASKED_S, delay_s
from daemon.spool.entry import Entry
from daemon.spool.spool import Spool
from daemon.spool.state import Delivery, Progress
from daemon.worker.handle import Worker, WorkerGoneError
from daemon.worker.protocol import Job, Reply, StoreSetup
from model import coding
from model.errors import LoopcamError
from sinks.contract import Sink
from sinks.notification import Notification

_LOG = logging.getLogger(__name__)

LENIENT_FAILURES = 2  # in a row, before the sink itself counts as down
SINK_REST_MOST_S = 30.0

OnResult = Callable[[str, Entry, Delivery], None]


class Outbox:
    """Delivers the spool's reports to one sink, one at a time, oldest first."""

    def __init__(self, part: Part[Sink] | Part[Notification], spool: Spool, on_result: OnResult) -> None:
        self.name = part.name
        self.part = part
        self._spool = spool
        self._on_result = on_result
        self._worker: Worker | None = None
        self._starting = asyncio.Lock()
        self._warm = 0
        self._failures = 0  # in a row
        self._down_until_s = 0.0  # monotonic
        self._changed = asyncio.Event()
        self._idle = asyncio.Event()

    async def run(self) -> None:
        """Deliver for ever."""
        try:
            while True:
                self._changed.clear()
                if entry := self._due():
                    self._idle.clear()
                    await self._deliver(entry)
                else:
                    await self._rest()
        finally:
            if self._worker is not None:
                await self._worker.kill()

    def wake(self) -> None:
        """There is something new to look at."""
        self._idle.clear()
        self._changed.set()

    async def warm(self) -> None:
        """Start the store process: a capture runs, and there will be a report."""
        self._warm += 1
        await self._ready_worker()

    def cool(self) -> None:
        """The capture is over."""
        self._warm = max(0, self._warm - 1)
        self.wake()

    async def drained(self) -> None:
        """Wait until nothing can be delivered now; what waits for its next attempt does not count."""
        await self._idle.wait()

    async def retry(self, report_id: str | None = None) -> int:
        """Try dead and waiting reports again now (one, or all); gives how many."""
        chosen = [entry for entry, _ in self.undelivered() if report_id in (None, entry.id)]
        for entry in chosen:
            await self._remember(entry, Delivery())
        self._down_until_s = 0.0
        self.wake()
        return len(chosen)

    def undelivered(self) -> Iterator[tuple[Entry, Delivery]]:
        """Reports that this sink is owed and does not have."""
        for entry in sorted(self._spool.entries.values(), key=lambda entry: entry.id):
            delivery = self._state(entry)
            if delivery is not None and delivery.progress is not Progress.DELIVERED:
                yield entry, delivery

    def _state(self, entry: Entry) -> Delivery | None:
        """How far this report is; None where it is not owed."""
        return entry.deliveries.get(self.name)

    def _keep(self, entry: Entry, delivery: Delivery) -> None:
        """Make the state durable; raises OSError."""
        entry.set_delivery(self.name, delivery)

    def _ready(self, entry: Entry) -> bool:
        """Whether it can be tried."""
        return entry.drawn

    def _job(self, entry: Entry) -> Job:
        return Job(directory=str(entry.report_dir))

    async def _start(self, setup: bytes) -> Worker:
        return await Worker.start_store(setup)

    def _judged(self, delivery: Delivery) -> Delivery:
        """The state after an attempt, as patience has it."""
        return delivery

    def _tell(self, entry: Entry, delivery: Delivery) -> None:
        self._on_result(self.name, entry, delivery)

    def _pending(self) -> Iterator[tuple[Entry, float]]:
        """Drawn reports and the Unix time from which each may be tried."""
        latest_s = time.time() + LONGEST_ASKED_S  # no set-back clock makes it wait for years
        for entry, delivery in self.undelivered():
            if delivery.progress is Progress.PENDING and self._ready(entry):
                yield entry, delivery.next_wall_s if delivery.next_wall_s <= latest_s else 0.0

    def _due(self) -> Entry | None:
        """What to try now: the least tried first, so that what never gets through delays no other."""
        if time.monotonic() < self._down_until_s:
            return None
        now_s = time.time()
        due = (entry for entry, at_s in self._pending() if at_s <= now_s)
        return min(due, key=self._attempts, default=None)

    def _attempts(self, entry: Entry) -> int:
        state = self._state(entry)
        return state.attempts if state is not None else 0

    async def _rest(self) -> None:
        """Wait for news or the next attempt's time; without work there is no store process."""
        if self._worker is not None and self._warm == 0:
            worker, self._worker = self._worker, None
            await worker.end()
        self._idle.set()
        next_s = min((at_s for _, at_s in self._pending()), default=None)
        wait_s = None if next_s is None else next_s - time.time()
        if wait_s is not None:
            wait_s = max(0.01, wait_s, self._down_until_s - time.monotonic())
        try:
            async with asyncio.timeout(wait_s):
                await self._changed.wait()
        except TimeoutError:
            return

    async def _deliver(self, entry: Entry) -> None:
        before = self._state(entry) or Delivery()
        attempts, now_s = before.attempts + 1, time.time()
        before = msgspec.structs.replace(before, first_wall_s=min(before.first_wall_s or now_s, now_s))
        # Counted, and put off, before it starts: a report that kills us must not do so at once again.
        wait_s = delay_s(attempts, None, random.uniform)
        next_s = now_s + wait_s  # the last error is shown until there is news
        await self._remember(entry, msgspec.structs.replace(before, attempts=attempts, next_wall_s=next_s))
        reply = await self._attempt(entry)
        delivery = _outcome(reply, attempts)
        delivery = self._judged(msgspec.structs.replace(delivery, first_wall_s=before.first_wall_s))
        self._judge_sink(delivery)
        await self._remember(entry, delivery)
        self._tell(entry, delivery)

    def _judge_sink(self, delivery: Delivery) -> None:
        """After failures in a row leave the sink alone for a while, whichever report is next."""
        self._failures = self._failures + 1 if delivery.progress is Progress.PENDING else 0
        rest_s = min(SINK_REST_MOST_S, 2.0 ** (self._failures - LENIENT_FAILURES))
        self._down_until_s = time.monotonic() + rest_s if self._failures > LENIENT_FAILURES else 0.0

    async def _remember(self, entry: Entry, delivery: Delivery) -> None:
        """Keep the state on disk; a full disk must not keep us from delivering, which may free it."""
        try:
            await asyncio.to_thread(self._keep, entry, delivery)
        except OSError as error:
            about = {"report": entry.id, "sink": self.name, "error": error.strerror}
            _LOG.warning("delivery state is not on disk: a restart would deliver again", extra=about)

    async def _attempt(self, entry: Entry) -> Reply:
        try:
            worker = await self._ready_worker()
            return await worker.run(self._job(entry), self.part.options.deadline)
        except WorkerGoneError as error:
            self._worker = None
            return Reply(error=f"{self.name}: {error}")
        except LoopcamError as error:  # a secret's file that is not there
            return Reply(error=str(error), remedy=error.remedy)
        except OSError as error:
            return Reply(
                error=f"no process for it: {error.strerror}", remedy="look at the limits of this pod"
            )

    async def _ready_worker(self) -> Worker:
        async with self._starting:
            if self._worker is None:
                options = coding.plain(self.part.options, reveal=lambda secret: resolve(secret).reveal())
                setup = StoreSetup(kind=self.part.kind, options=options)
                self._worker = await self._start(coding.encode(setup) + b"\n")
            return self._worker


def _outcome(reply: Reply, attempts: int) -> Delivery:
    if not reply.error:
        return Delivery(progress=Progress.DELIVERED, attempts=attempts, location=reply.location)
    failed = Delivery(attempts=attempts, error=reply.error, remedy=reply.remedy)
    if not reply.retry:
        return msgspec.structs.replace(failed, progress=Progress.DEAD)
    wait_s = delay_s(attempts, reply.retry_after_s, random.uniform)
    return msgspec.structs.replace(failed, next_wall_s=time.time() + wait_s)
