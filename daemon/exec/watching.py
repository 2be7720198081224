"""A daemon that lives as long as the command that it started."""

import asyncio
import logging
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from functools import partial

from daemon.app import App
from daemon.config.settings import Config
from daemon.exec.command import OF_TERMINALS, PASSED_ON, Command, typed
from daemon.exec.last_words import Speaker, all_sent
from daemon.exec.place import Place
from daemon.exec.tally import Tally
from daemon.limits import Limits
from daemon.targets.target import Target
from model.errors import TargetError

_LOG = logging.getLogger(__name__)


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
        self._sent = asyncio.Event()  # all that the command said
        self._core.admission.limits = Limits()  # what an earlier command had is not this one's
        self._core.events.followers.append(self.tally.take)

    @property
    def heard(self) -> bool:
        """Whether a heartbeat ever came."""
        return bool(self._core.events.pulses)

    @property
    def refusals(self) -> dict[str, int]:
        """How many overruns were not captured when they were first seen, by reason."""
        (target,) = self._core.fleet.targets
        return dict(self._core.captures.uncaptured.get(target, {}))

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
            "LOOPCAM_URL": f"http://{self._servers.address}",
            "LOOPCAM_FIFOS": str(self._place.folder),
        }
        self._command = Command(self._argv, os.environ | told, self._umask)
        self._place.pidfile.write_text(f"{self._command.pid}\n")
        self._hold(self._core.fleet[target])
        self._ending = asyncio.create_task(self._until_it_ends(self._command), name="command")

    def _hold(self, target: Target) -> None:
        """Have the command from its first moment; one that ended already is not there."""
        if self._command is None or target.config.process.peer:
            return
        with suppress(TargetError):
            target.hold_process(Speaker(self._command.pid, self._sent))

    async def _until_it_ends(self, command: Command) -> None:
        self.code = await command.wait()
        self._place.pidfile.unlink()  # from now on the number may be another's
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
