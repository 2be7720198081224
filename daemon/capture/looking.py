"""Looks at all threads: one at once, then about one a second, for names, states and who holds the GIL."""

import asyncio
import logging
import time
from collections.abc import Callable

from collectors.contract import Cost, Judgement, Looker
from daemon.capture.budget import UNKNOWN, Account
from daemon.capture.child import Kill, Printed
from daemon.capture.keeping import Keeping
from daemon.capture.look import Look, look
from daemon.capture.pauses import PauseGuard
from daemon.capture.window import CaptureWindow
from daemon.targets.process import HeldProcess
from model.capture import Outcome
from model.errors import CollectorError

_LOG = logging.getLogger(__name__)

INTERVAL_S = 1.0
SHARE = 0.05  # of the time at most, where looks at many threads take long
MAX_BYTES = 8 * 1024 * 1024


class Looking:
    """The looks of one capture, and what they cost."""

    def __init__(
        self, name: str, looker: Looker, process: HeldProcess, keeping: Keeping, account: Account
    ) -> None:
        self.name = name
        self.version = looker.version()
        self.spent_s = 0.0
        self.failed = ""  # why the first look, if it did
        self._process = process
        self._keeping = keeping
        self._account = account
        self._told = False  # of a look

    async def first(self, looker: Looker, window: CaptureWindow, guard: PauseGuard) -> Cost:
        """Look for the first time, and say what there is to sample.

        What fails for no lasting reason must not cost the recording: see `failed`. Raises CollectorError.
        """

        def began(kill: Kill) -> None:
            window.samplers_cut.then(kill)
            if looker.pauses_target():
                guard.began(kill)

        looked = await self._look(looker, began, window.over)
        printed, judged = looked.printed, looked.judged
        killed = window.over() or (looker.pauses_target() and guard.tripped)
        if judged.outcome is Outcome.FAILED and not killed:
            self.failed = judged.detail
        elif judged.outcome is not Outcome.COMPLETE:
            raise error(judged)
        if _late(printed, window):
            raise CollectorError(
                Outcome.ENDED_BEFORE_ATTACH, "the iteration ended before the first look at its stacks"
            )
        if self.failed:
            return UNKNOWN
        self._keep(printed, window)
        return looker.cost(printed.data, printed.cpu_s)

    async def now_and_then(self, looker: Looker, window: CaptureWindow) -> None:
        """Look until the target is gone, or enough was kept; raises CollectorError."""
        interval_s = INTERVAL_S
        while self._keeping.dumped_bytes < MAX_BYTES:
            await asyncio.sleep(interval_s)
            started_s = time.monotonic()
            looked = await self._look(looker)
            if looked.judged.outcome is Outcome.COMPLETE:
                self._keep(looked.printed, window)
            elif looked.judged.outcome is Outcome.TARGET_EXITED:
                return
            else:  # it may become another program, and be Python again
                _LOG.info("no look", extra={"why": looked.judged.detail, "pid": self._process.pid})
            interval_s = max(INTERVAL_S, (time.monotonic() - started_s) / SHARE)

    def _keep(self, printed: Printed, window: CaptureWindow) -> None:
        self._keeping.dump(self.name, self.version, printed)
        if not self._told and not _late(printed, window):
            self._told = True
            window.first_look(printed.data)

    async def _look(
        self,
        looker: Looker,
        began: Callable[[Kill], None] | None = None,
        over: Callable[[], bool] = lambda: False,
    ) -> Look:
        looked = await look(looker, self._process, self._keeping.lock, began, over)
        self.spent_s += looked.cpu_s
        self._account.spend(looked.cpu_s)
        return looked


def _late(printed: Printed, window: CaptureWindow) -> bool:
    """Whether what is looked for was over by then."""
    ended_s = window.iteration_ended_s if window.follows_iteration else None
    return ended_s is not None and ended_s <= printed.at_s


def error(judged: Judgement) -> CollectorError:
    """An outcome that ends a recording, as its error."""
    return CollectorError(judged.outcome, judged.detail, remedy=judged.remedy)
