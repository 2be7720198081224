"""The daemon's life: startup, run, shutdown."""

import asyncio
import logging
import signal
import time
from contextlib import suppress
from pathlib import Path

from daemon import shortage
from daemon.config.doubts import tell
from daemon.config.settings import Config
from daemon.core import Core
from daemon.evidence import version
from daemon.notify import Notifier
from daemon.reload import Reloader
from daemon.spool.adopt import adopt
from daemon.standing import line
from daemon.targets.target import Target
from daemon.telemetry import gauges
from daemon.telemetry.unheard import NeverHeard
from daemon.watch.deadlines import PAUSED_S
from daemon.web.servers import Servers
from model.capture import WindowEnd

_LOG = logging.getLogger(__name__)

TICK_S = 1.0
HURRY_S = 0.1
SLICE_S = 0.02
SAME_SIGNAL_S = 0.2
EVIDENCE_S, EVIDENCE_LOOK_S = 3.0, 0.05  # what captures took becomes durable in 2 s, with any grace
NEWS_S = 1.5  # for notifications, once all is delivered
LAST_STEPS_S = 15.0  # of a shutdown, after the grace: children are ended, listeners closed


class App:
    """One daemon."""

    def __init__(self, config: Config, path: Path | None = None, notifier: Notifier | None = None) -> None:
        """Open the spool; raises SpoolError. `path` is the configuration's file, where there is one."""
        self._notifier = notifier or Notifier()
        self._core = Core(config)
        self._servers = Servers(self._core)
        self._reloader = Reloader(self._core, self._servers, path, self._notifier)
        self._never_heard = NeverHeard()
        self._stopping = asyncio.Event()
        self._signalled_s = float("-inf")

    async def run(self) -> None:
        """Live until SIGTERM or SIGINT; a second one ends everything at once."""
        shortage.bear()
        try:
            await self._startup()
            async with asyncio.TaskGroup() as tasks:
                await self._core.deliveries.start(tasks)
                self._core.notifications.start(tasks)
                ticker = tasks.create_task(self._tick(), name="ticker")
                reader = tasks.create_task(self._take_up(), name="reader of the spool")
                await self._stopping.wait()
                reader.cancel()
                await self._shutdown()
                ticker.cancel()
        finally:
            self._notifier.close()
            self._core.spool.close()

    def stop(self) -> None:
        """Begin to shut down; at once, when that has begun already."""
        before_s, self._signalled_s = self._signalled_s, time.monotonic()
        if self._signalled_s - before_s < SAME_SIGNAL_S:  # a wrapper and its group got the same signal
            return
        if self._stopping.is_set():
            _LOG.warning("stopping at once")
            raise SystemExit(1)
        self._stopping.set()

    async def _startup(self) -> None:
        self._heed_signals()
        gauges.announce(self._core)
        for entry in adopt(self._core.spool):
            if self._core.telemetry.knows(entry.target) and not entry.drill:
                self._core.telemetry.captures.labels(entry.target, entry.outcome).inc()
            _LOG.warning("adopted a capture that a killed daemon left", extra={"report": entry.id})
        await self._servers.start()
        await self._begun()
        await self._find_targets()
        self._core.sources.use()
        self._core.readings.use()
        _LOG.info("loopcam watches", extra=self._about())
        tell(self._core.config)
        self._tell_of_missing()
        self._tell_status()  # so that it is there as soon as we are
        self._notifier.ready()

    def _tell_of_missing(self) -> None:
        for target in self._core.fleet:
            if target.held is None:
                what = "no such address yet" if target.by_address else "no such process yet"
                _LOG.warning(f"{what}, waiting for it", extra=_sought(target))

    def _heed_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGHUP, self._reloader.reload)

    async def _begun(self) -> None:
        """What else there is to start, once heartbeats can be heard."""

    def _about(self) -> dict[str, object]:
        return {
            "targets": ", ".join(self._core.fleet.targets),
            "page": self._servers.url,
            "spool": str(self._core.spool.path),
            "version": version(),
        }

    async def _shutdown(self) -> None:
        """End captures early but keep them, deliver what the grace allows; the rest waits in the spool.

        First of all captures: what else there is to end waits for others, and evidence is soon durable.
        """
        grace_s, began_s = self._core.config.shutdown_grace, asyncio.get_running_loop().time()
        _LOG.info("stopping", extra={"grace": str(grace_s)})
        self._core.captures.close()
        self._core.dashcam.stop()
        self._reloader.close()
        self._notifier.stopping(grace_s + LAST_STEPS_S)
        self._core.events.deadlines.stop()
        self._core.readings.stop()
        try:
            async with asyncio.timeout(grace_s):
                await self._core.sources.stop()
                await self._core.captures.closed()
                await self._core.deliveries.drained()
                with suppress(TimeoutError):  # what an address that hangs is not told now, it is later
                    async with asyncio.timeout(NEWS_S):
                        await self._core.notifications.drained()
        except TimeoutError:
            _LOG.warning("not all delivered within the grace; the next start goes on with it")
        await self._keep_evidence(began_s + EVIDENCE_S)
        await self._servers.stop()
        await self._core.captures.abandon()
        await self._core.dashcam.close()
        await self._core.deliveries.stop()
        await self._core.baselines.close()
        await self._core.notifications.stop()
        for target in self._core.fleet:
            target.let_go()

    async def _keep_evidence(self, until_s: float) -> None:
        """Wait for captures to be accepted where the grace for deliveries was too short even for that."""
        with suppress(TimeoutError):
            async with asyncio.timeout_at(until_s):
                while self._core.captures.in_progress():  # noqa: ASYNC110  # for a moment, at the very end
                    await asyncio.sleep(EVIDENCE_LOOK_S)

    async def _take_up(self) -> None:
        """Read what is left of a full spool, little by little: nobody waits for it, and nothing is late."""
        if unread := self._core.spool.unread:
            _LOG.info("reading on in the spool", extra={"entries": unread})
        while self._core.spool.make_room() or self._core.spool.unread:
            self._core.deliveries.take_up(self._core.spool.take_up(SLICE_S))
            await asyncio.sleep(SLICE_S)

    async def _tick(self) -> None:
        """About once a second: our own lateness, processes, switch, configuration."""
        while True:
            started_s = time.monotonic()
            hurried = await self._wait()
            late_s = time.monotonic() - started_s - TICK_S
            if not hurried:
                self._core.telemetry.lateness_s.observe(max(0.0, late_s))
                if late_s > PAUSED_S:
                    self._core.events.deadlines.paused()
            try:
                await self._look()
                if not self._stopping.is_set():
                    self._tell_status()
            except OSError as error:  # no descriptors or no processes left: that may pass, we go on
                _LOG.warning("could not look at processes or files", extra={"error": str(error)})

    def _tell_status(self) -> None:
        if self._notifier.heard:
            self._notifier.status(line(self._core, time.monotonic()))

    async def _look(self) -> None:
        await self._find_targets()
        self._core.events.reconfigured()  # a process that was found tells whether its first iteration is over
        self._core.readings.use()
        self._core.triggers.look(time.monotonic())
        busy = bool(self._core.captures.in_progress())
        self._core.baselines.look(self._core.fleet.targets, time.monotonic(), busy=busy)
        self._core.dashcam.look()
        self._never_heard.look(self._core.fleet, time.monotonic())
        self._reloader.look()
        self._core.spool.make_room()
        if self._core.admission.disabled():
            self._core.captures.end_all(WindowEnd.DISABLED)
        else:
            await self._core.fleet.check()

    async def _find_targets(self) -> None:
        """Look for targets; those by address may come and go as a whole."""
        before = set(self._core.fleet.targets)
        if await self._core.fleet.look():
            gauges.withdraw(self._core, targets=before - self._core.fleet.targets.keys(), sinks=set())
            gauges.announce(self._core)
            if not self._stopping.is_set():  # no source begins again that was ended
                self._core.sources.use()

    async def _wait(self) -> bool:
        """Sleep for a tick, or less when somebody is in a hurry (which is said)."""
        try:
            async with asyncio.timeout(TICK_S):
                await self._core.hurry.wait()
        except TimeoutError:
            return False
        await asyncio.sleep(HURRY_S)
        self._core.hurry.clear()
        return True


def _sought(target: Target) -> dict[str, object]:
    selector = target.config.process
    if target.by_address:
        return {"target": target.name, "address": ", ".join(target.config.address)}
    wanted = {
        "pid": selector.pid,
        "pidfile": selector.pidfile,
        "match": selector.match,
        "systemd": selector.systemd,
    }
    if selector.peer:
        wanted["peer"] = "the first that sends a heartbeat over a Unix socket"
    return {"target": target.name, **{key: value for key, value in wanted.items() if value is not None}}
