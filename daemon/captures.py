"""From an admitted trigger to an accepted report in the spool, with everything that can go wrong told."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from functools import partial

from daemon.capture.capture import take
from daemon.capture.first_look import FirstLook, last_look
from daemon.capture.leadup import LeadUp
from daemon.capture.opened import opened
from daemon.capture.plan import collection_time_s, plan
from daemon.capture.running import Next, Running
from daemon.capture.subject import subject
from daemon.capture.tally import Tally
from daemon.capture.window import CaptureWindow
from daemon.delivery.deliveries import Deliveries
from daemon.limits.admission import Admission
from daemon.notifications.notices import due
from daemon.spool.accepting import accepted
from daemon.spool.entry import Entry
from daemon.spool.incoming import Incoming
from daemon.spool.spool import Spool
from daemon.spool.state import Opened
from daemon.targets.held import Held
from daemon.targets.possible import Possible
from daemon.targets.target import Target
from daemon.telemetry.series import Telemetry
from daemon.worker.handle import Worker
from model.capture import Outcome, WindowEnd
from model.errors import RefusedError
from model.events import Refusal, Trigger, TriggerKind

_LOG = logging.getLogger(__name__)

WARM_AFTER_S = 0.3  # the first look at the target comes before our own imports burn CPU beside it
_OF_ITERATIONS = (TriggerKind.OVERRUN, TriggerKind.EARLY)
_REFUSED = {Outcome.NOT_PERMITTED: Refusal.NOT_PERMITTED, Outcome.UNSUPPORTED: Refusal.UNSUPPORTED}

Finished = Callable[[Opened, Entry | None, RefusedError | None], None]


class Captures:
    """Runs captures, and knows those in progress."""

    def __init__(
        self, admission: Admission, spool: Spool, deliveries: Deliveries, telemetry: Telemetry
    ) -> None:
        self._admission = admission
        self._spool = spool
        self._deliveries = deliveries
        self._telemetry = telemetry
        self.tally = Tally(telemetry)
        self.finished: Finished = lambda facts, entry, why: None  # who wants to hear of each
        self.leadup: Callable[[Target, Held, Trigger], LeadUp | None] = lambda *_: None
        self._running: dict[str, Running] = {}
        self._full_next: dict[str, Next] = {}  # by target; a lesser one ends first
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    def begin(
        self,
        target: Target,
        trigger: Trigger,
        notes: tuple[str, ...] = (),
        *,
        name: str = "",
        follows_iteration: bool = False,
        ended: Held | None = None,
    ) -> str:
        """Start a capture in a task of its own and give its id; raises RefusedError."""
        self.tally.wished(trigger)
        try:
            if self._closed:
                raise RefusedError(Refusal.DISABLED, "loopcam is stopping")
            held = self._admission.admit(target, trigger, ended)
        except RefusedError as refused:
            self.tally.refused(target, refused, trigger)
            raise
        config = self._admission.config
        sinks = tuple(part.name for part in config.sinks)
        whose = subject(target.config, trigger, held.share())
        told = due(config.notifications, trigger.plan)
        facts = opened(whose, config.labels, collection_time_s(target.config, trigger), sinks, name, told)
        follows = follows_iteration or trigger.kind in _OF_ITERATIONS
        window = CaptureWindow(facts.collection_time_s, follows_iteration=follows)
        before = self.leadup(target, held, trigger)
        running = self._running[target.name] = Running(target, whose, window, facts, notes, before)
        task = asyncio.create_task(self._run(running), name=f"capture {facts.id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        _LOG.info("capture started", extra={"report": facts.id, "reason": trigger.reason})
        return facts.id

    def after_lesser(
        self, target: Target, trigger: Trigger, notes: tuple[str, ...] = (), ended: Held | None = None
    ) -> bool:
        """Whether a capture that counts for less is in progress: then it ends now, and this one follows."""
        running = self._running.get(target.name)
        if running is None or self._closed or not trigger.plan.outranks(running.facts.trigger.plan):
            return False
        self._drop_next(target.name)
        self._full_next[target.name] = Next(trigger, notes, ended.share() if ended is not None else None)
        running.window.end(WindowEnd.ESCALATED)
        return True

    def iteration_ended(self, target: str, iteration: str | None, at_s: float) -> None:
        """An iteration is over, and with it the window of its capture; one for another reason goes on."""
        running, next_ = self._running.get(target), self._full_next.get(target)
        if next_ is not None and next_.trigger.kind in _OF_ITERATIONS and next_.trigger.is_of(iteration):
            self._drop_next(target)
        if running is not None and running.facts.trigger.is_of(iteration):
            running.window.iteration_ended(at_s)

    def in_progress(self) -> list[Opened]:
        """What is known of the captures that run now."""
        return [running.facts for running in self._running.values()]

    def cancel(self, report_id: str) -> bool:
        """End a window now, if this capture runs; what was taken is kept."""
        found = [one for one in self._running.values() if one.facts.id == report_id]
        for running in found:
            running.window.end(WindowEnd.CANCELLED)
        return bool(found)

    def end_all(self, why: WindowEnd) -> None:
        """End every window now; what was taken is kept."""
        for running in self._running.values():
            running.window.end(why)

    def close(self) -> None:
        """Begin no more, and end every window."""
        self._closed = True
        self.end_all(WindowEnd.SHUTDOWN)

    async def closed(self) -> None:
        """Wait until every capture has become a report."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def abandon(self) -> None:
        """Leave what is not finished: the next start adopts it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self, running: Running) -> None:
        warm = asyncio.create_task(self._warm(), name="warm renderer and stores")
        entry: Entry | None = None
        why: RefusedError | None = None
        try:
            entry = await self._take(running)
        except RefusedError as refused:
            why = refused
            self.tally.refused(running.target, refused, running.facts.trigger)
            await self._give_back(running.target)
            if refused.reason in _REFUSED.values():
                running.target.possible = Possible(False, refused.reason, str(refused), refused.remedy)
        except Exception:  # noqa: BLE001  # one capture's failure is told and counted, watching goes on
            _LOG.exception("capture failed", extra={"report": running.facts.id})
            self.tally.count(running.target.name, Outcome.FAILED, running.facts.trigger.plan)
        finally:
            del self._running[running.target.name]
            running.close(kept=entry is not None)
            self._admission.done(running.target.name)
            self.finished(running.facts, entry, why)
            self._go_on(running.target)
        await self._deliver(entry, warm)

    def _go_on(self, target: Target) -> None:
        """Begin the capture that waited for the end of a lesser one."""
        if (waiting := self._full_next.pop(target.name, None)) is not None:
            with contextlib.suppress(RefusedError):  # counted and logged where it was refused
                self.begin(target, waiting.trigger, waiting.notes, ended=waiting.ended)
            waiting.close()

    def _drop_next(self, target: str) -> None:
        if (waiting := self._full_next.pop(target, None)) is not None:
            waiting.close()

    async def _take(self, running: Running) -> Entry:
        incoming = await self._incoming(running.facts)
        target, trigger = running.target, running.facts.trigger
        how = plan(target.config, trigger)
        asked = partial(self._admission.stall, target, trigger, incoming.opened.id)
        running.window.first_look = seen = FirstLook(asked, running.window.end)
        capture = await take(how, running.subject, running.window, incoming, running.notes, running.leadup)
        if (reason := _REFUSED.get(capture.outcome)) and not capture.tells:
            self._spool.discard(incoming)
            part = next(part for part in capture.parts if part.outcome == capture.outcome)
            raise RefusedError(reason, part.detail, remedy=part.remedy)
        if not seen.seen:
            seen(await asyncio.to_thread(last_look, capture, incoming.report_dir))
        try:
            capture = seen.marked(capture)
        except RefusedError:
            self._spool.discard(incoming)
            raise
        await self._save()
        entry = await accepted(self._spool, incoming, capture)
        self.tally.ended(capture)
        return entry

    async def _incoming(self, facts: Opened) -> Incoming:
        try:
            return await asyncio.to_thread(self._prepare, facts)
        except OSError as error:
            said = f"the spool cannot be written: {error.strerror}"
            raise RefusedError(Refusal.SPOOL_FULL, said, remedy="look at the spool's disk") from error

    def _prepare(self, facts: Opened) -> Incoming:
        self._admission.save()
        return self._spool.begin(facts)

    async def _warm(self) -> Worker | None:
        await asyncio.sleep(WARM_AFTER_S)
        try:
            return await self._deliveries.warm()
        except OSError as error:  # drawing will try again, and tell
            _LOG.warning("renderer not started", extra={"error": error.strerror})
            return None

    async def _deliver(self, entry: Entry | None, warm: "asyncio.Task[Worker | None]") -> None:
        renderer = await warm
        if entry is not None:
            await self._deliveries.accepted(entry, renderer)
            self._telemetry.report_bytes.observe(entry.size_bytes)
        elif renderer is not None:
            await renderer.end()
        self._deliveries.cool()
        self._spool.make_room()

    async def _give_back(self, target: Target) -> None:
        self._admission.give_back(target.name)
        await self._save()

    async def _save(self) -> None:
        try:
            await asyncio.to_thread(self._admission.save)
        except OSError as error:  # a restart would count a little more or less; watching goes on
            _LOG.warning("limits not saved", extra={"error": str(error)})
