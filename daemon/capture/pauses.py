"""The pause budget: watches a target that is stopped for each sample, and ends what holds it too long."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from math import sqrt

from daemon.targets import procfs
from model.units import Percent

_LOG = logging.getLogger(__name__)

INTERVAL_S = 0.05
LONGEST_S = 0.25  # that a target may be stopped without a break
SEEN = 100  # the last five seconds
CERTAIN = 3.0  # standard deviations
THREADS = 4  # a blocking sampler stops all of them: some tell
_TRACED = "t"  # T would be a SIGSTOP, which is not our doing


class PauseMeter:
    """What was seen of the target: whether it was stopped, time after time."""

    def __init__(self, budget: float) -> None:
        self._budget = budget
        self._seen: deque[bool] = deque(maxlen=SEEN)
        self._since_s: float | None = None

    def see(self, at_s: float, *, stopped: bool) -> str:
        """Take one sight, and say what is too much; nothing while all is well."""
        self._seen.append(stopped)
        if not stopped:
            self._since_s = None
        elif self._since_s is None:
            self._since_s = at_s
        elif at_s - self._since_s > LONGEST_S:
            return f"it held the target for {(at_s - self._since_s) * 1000:.0f} ms"
        count, most = sum(self._seen), self._budget * len(self._seen)
        if count - CERTAIN * sqrt(count) > most:
            return f"it held the target in {count} of {len(self._seen)} glances, over {Percent(self._budget)}"
        return ""


class PauseGuard:
    """Looks at a target's threads, and kills whoever holds them for too long: that sets them free."""

    def __init__(self, pid: int, budget: float) -> None:
        self._pid = pid
        self._meter = PauseMeter(budget)
        self._kills: set[Callable[[], None]] = set()
        self.tripped = ""  # why it had to kill

    def began(self, kill: Callable[[], None]) -> None:
        """A sampler that stops the target began; `kill` ends it at once."""
        self._kills.add(kill)
        if self.tripped:
            kill()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch within; what it has to do later is done at once."""
        task = asyncio.create_task(self._watch(), name=f"pauses of {self._pid}")
        try:
            yield
        finally:
            task.cancel()

    async def _watch(self) -> None:
        while not self.tripped:
            await asyncio.sleep(INTERVAL_S)
            self.tripped = self._meter.see(time.monotonic(), stopped=_held(self._pid))
        _LOG.warning("sampler killed", extra={"pid": self._pid, "why": self.tripped})
        for kill in self._kills:
            kill()


def _held(pid: int) -> bool:
    """Whether a tracer holds one of its first threads."""
    with suppress(OSError):
        for task in islice((procfs.PROC / str(pid) / "task").iterdir(), THREADS):
            with suppress(OSError, IndexError):
                if procfs.state(pid, int(task.name)) == _TRACED:
                    return True
    return False
