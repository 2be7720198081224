"""A daemon that lives as long as the command that it started."""

import asyncio
import logging
import os
import signal
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from functools import partial

from daemon.app import App
from daemon.config.settings import Config
from daemon.exec import wrappers
from daemon.exec.command import OF_TERMINALS, PASSED_ON, Command, typed
from daemon.exec.last_words import Speaker, all_sent
from daemon.exec.place import Place
from daemon.exec.tally import Tally
from daemon.exec.wrappers import Remedy
from daemon.limits.rates import Limits
from daemon.targets.process import HeldProcess
from daemon.targets.target import Target
from daemon.watch.iterations import Ended
from model.capture import Outcome
from model.errors import TargetError
from model.events import Trigger

_LOG = logging.getLogger(__name__)

UNWRAP_S = 5.0  # so long a wrapper may take to start what it wraps
LOOK_S = 0.005


class Watching(App):
    """Starts a command once heartbeats can be heard, and ends with it."""

    def __init__(self, config: Config, place: Place, argv: Sequence[str], umask: int) -> None:
        """Open the spool; raises SpoolError."""
        super().__init__(config)
        self.tally = Tally()
        self.code: int | None = None  # the command's exit code
        self._place = place
        self._argv = argv
        self._umask = umask
        self._command: Command | None = None
        self._ending: asyncio.Task[None] | None = None
        self._finding: asyncio.Task[None] | None = None
        self._sent = asyncio.Event()  # all that the command said
        self._core.admission.limits = Limits()  # what an earlier command had is not this one's
        self._advice = ""  # for a command that is no Python
        self._core.events.followers += [self.tally.take, self._advise]

    @property
    def heard(self) -> bool:
        """Whether a heartbeat ever came."""
        return bool(self._core.events.pulses)

    @property
    def refusals(self) -> dict[str, int]:
        """How many overruns were not captured when they were first seen, by reason."""
        (target,) = self._core.fleet.targets
        counts: dict[str, int] = self._core.captures.tally.uncaptured.get(target, Counter())
        why = f"{Outcome.UNSUPPORTED} ({self._advice})" if self._advice else Outcome.UNSUPPORTED
        return {why if reason == Outcome.UNSUPPORTED else reason: count for reason, count in counts.items()}

    @property
    def unheard(self) -> dict[str, int]:
        """How many heartbeats were refused, by reason."""
        (family,) = self._core.telemetry.heartbeats_refused.collect()
        counts = (one for one in family.samples if one.name.endswith("_total") and one.value)
        return {one.labels["reason"]: int(one.value) for one in counts}

    async def run(self) -> None:
        """Live until the command has ended and its reports are delivered; raises CommandError."""
        await super().run()
        if self._ending is not None:
            await self._ending

    def _advise(self, what: Ended | Trigger) -> None:
        """Look at an overrun what the command is: at its end nobody can tell any more."""
        if isinstance(what, Trigger) and self._command is not None and not self._advice:
            self._advice = wrappers.advice(self._command.pid)

    def _heed_signals(self) -> None:
        """What is sent to us is meant for the command, unless it was ignored when we began."""
        loop = asyncio.get_running_loop()
        for number in (*PASSED_ON, *OF_TERMINALS):
            if signal.getsignal(number) is not signal.SIG_IGN:
                loop.add_signal_handler(number, partial(self._signalled, number))

    def _tell_of_missing(self) -> None:
        """Nobody is missing: the command has just begun."""

    async def _begun(self) -> None:
        (target,) = self._core.fleet.targets
        told = {
            "LOOPCAM_SOCKET": str(self._place.socket),
            "LOOPCAM_TARGET": target,
            "LOOPCAM_URL": self._servers.url,
            "LOOPCAM_FIFOS": str(self._place.folder),
        }
        self._command = Command(self._argv, os.environ | told, self._umask)
        for name in ("daemon.targets.fleet", "daemon.captures"):
            logging.getLogger(name).addFilter(Remedy(self._command.pid))
        self._ending = asyncio.create_task(self._until_it_ends(self._command), name="command")
        found = self._find(self._core.fleet[target], self._command.pid)
        if wrappers.wraps(self._command.pid):  # meanwhile events are taken, without a process
            self._finding = asyncio.create_task(found, name="look through the wrapper")
        else:
            await found

    async def _find(self, target: Target, pid: int) -> None:
        """Have the command from its first moment, or what it wraps; one that ended already is not there."""
        if target.config.process.peer:
            return
        until_s = time.monotonic() + UNWRAP_S
        inner = wrappers.inner(pid)
        while inner is None and wrappers.wraps(pid) and time.monotonic() < until_s and self.code is None:
            await asyncio.sleep(LOOK_S)
            inner = wrappers.inner(pid)
        if self.code is None:
            self._place.pidfile.write_text(f"{inner or pid}\n")
            with suppress(TargetError):
                target.take_hold(HeldProcess(inner) if inner not in (None, pid) else Speaker(pid, self._sent))

    async def _until_it_ends(self, command: Command) -> None:
        self.code = await command.wait()
        self._place.pidfile.unlink(missing_ok=True)  # from now on the number may be another's
        self._core.events.deadlines.stop()  # what it left open grows no older
        await all_sent(self._place.folder)
        self._sent.set()
        self.stop()

    def _signalled(self, number: signal.Signals) -> None:
        if self.code is None and self._command is not None:
            if number not in OF_TERMINALS or not typed():
                self._command.send(number)
        elif number not in PASSED_ON[2:]:
            _LOG.warning("not all delivered; the next `loopcam exec` with this --out goes on with it")
            raise SystemExit(self.code or 128 + number)
