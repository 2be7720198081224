"""Looks at all threads: one at once, then about one a second, for names, states and who holds the GIL."""

import asyncio
import logging
import time
from collections.abc import Callable

from collectors.contract import Cost, Judgement, Looker
from daemon.capture.budget import Account
from daemon.capture.child import Kill
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
TRIES = 4  # of what may pass by itself


class Looking:
    """The looks of one capture, and what they cost."""

    def __init__(
        self, name: str, looker: Looker, process: HeldProcess, keeping: Keeping, account: Account
    ) -> None:
        self.name = name
        self.version = looker.version()
        self.spent_s = 0.0
        self._process = process
        self._keeping = keeping
        self._account = account

    async def first(self, looker: Looker, window: CaptureWindow, guard: PauseGuard) -> Cost:
        """Look for the first time, and say what there is to sample; raises CollectorError."""

        def began(kill: Kill) -> None:
            window.samplers_cut.then(kill)
            if looker.pauses_target():
                guard.began(kill)

        looked = await self._look(looker, began)
        for _ in range(TRIES - 1):
            if looked.judged.passing and not window.over():
                looked = await self._look(looker, began)
        printed, judged = looked.printed, looked.judged
        if judged.outcome is not Outcome.COMPLETE:
            raise error(judged)
        ended_s = window.iteration_ended_s if window.follows_iteration else None
        if ended_s is not None and ended_s <= printed.at_s:
            raise CollectorError(
                Outcome.ENDED_BEFORE_ATTACH, "the iteration ended before the first look at its stacks"
            )
        self._keeping.dump(self.name, self.version, printed)
        window.first_look(printed.data)
        return looker.cost(printed.data, printed.cpu_s)

    async def now_and_then(self, looker: Looker) -> None:
        """Look until the target is gone, or enough was kept; raises CollectorError."""
        interval_s = INTERVAL_S
        while self._keeping.dumped_bytes < MAX_BYTES:
            await asyncio.sleep(interval_s)
            started_s = time.monotonic()
            looked = await self._look(looker)
            if looked.judged.outcome is Outcome.COMPLETE:
                self._keeping.dump(self.name, self.version, looked.printed)
            elif looked.judged.outcome is Outcome.TARGET_EXITED:
                return
            else:  # it may become another program, and be Python again
                _LOG.info("no look", extra={"why": looked.judged.detail, "pid": self._process.pid})
            interval_s = max(INTERVAL_S, (time.monotonic() - started_s) / SHARE)

    async def _look(self, looker: Looker, began: Callable[[Kill], None] | None = None) -> Look:
        looked = await look(looker, self._process, self._keeping.lock, began)
        self.spent_s += looked.printed.cpu_s
        self._account.spend(looked.printed.cpu_s)
        return looked


def error(judged: Judgement) -> CollectorError:
    """An outcome that ends a recording, as its error."""
    return CollectorError(judged.outcome, judged.detail, remedy=judged.remedy)
