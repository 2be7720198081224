"""What the daemon keeps of healthy iterations: durations, samples, and the baselines folded from these."""

import asyncio
import errno
import logging
from collections.abc import Mapping
from pathlib import Path

from daemon.baseline import leftovers
from daemon.baseline.folding import Folding
from daemon.baseline.histories import Histories
from daemon.baseline.samples import Samples
from daemon.baseline.sampling import Sampling
from daemon.spool.healthy import Healthy
from daemon.targets.target import Target
from daemon.watch.iterations import Ended
from disk.durable import link
from disk.reading import MOST_BYTES
from model.baseline import BASELINE_FILE
from model.history import History

_LOG = logging.getLogger(__name__)


class Baselines(Healthy):
    """One for the daemon, over its spool."""

    def __init__(self, spool: Path) -> None:
        self._state = (spool / "state" / "history", spool / "state" / "baselines")
        self.histories = Histories(self._state[0])
        self._samples = Samples(spool / "healthy")
        self._folding = Folding(self._samples, self._state[1])
        self.sampling = Sampling(self._samples, self._folding)
        self._writing: asyncio.Task[None] | None = None
        self._taking_up: asyncio.Task[None] | None = None

    def history(self, target: str) -> History | None:
        """What iterations of a target usually take."""
        return self.histories.of(target)

    def enclose(self, target: str, evidence: Path) -> None:
        """Put a target's baseline, if there is one, into the evidence of a capture; in a thread."""
        file = self._folding.file(target)
        try:
            if file.lstat().st_size > MOST_BYTES:
                raise OSError(errno.EFBIG, "larger than any of ours", str(file))
            link(file, evidence / BASELINE_FILE)
        except FileNotFoundError:
            return
        except OSError as error:  # a report without it is worth having
            _LOG.warning("baseline not enclosed", extra={"target": target, "error": str(error)})

    def ended(self, target: str, ended: Ended) -> None:
        """An iteration of a target ended."""
        self.histories.ended(target, ended)
        self.sampling.ended(target, ended)

    def look(self, targets: Mapping[str, Target], now_s: float, *, busy: bool) -> None:
        """About once a second: keep samples, write durations, and fold while nothing is more urgent."""
        if self._taking_up is None:
            self._taking_up = asyncio.create_task(self._take_up(), name="take up healthy samples")
        self.sampling.look(targets, now_s)
        if not busy:
            self._folding.look(self.sampling.enough(), now_s)
        if self.histories.due(now_s) and (self._writing is None or self._writing.done()):
            work = asyncio.to_thread(self.histories.write, self.histories.taken())
            self._writing = asyncio.create_task(work, name="write durations")

    async def close(self) -> None:
        """End what goes on, and write what is not yet on disk."""
        await self._folding.stop()
        await self.sampling.stop()
        for task in filter(None, (self._writing, self._taking_up)):
            await asyncio.wait({task})
        await asyncio.to_thread(self.histories.write, self.histories.taken())

    async def _take_up(self) -> None:
        """Know the samples that an earlier daemon left, and let go of what nobody needs."""
        try:
            for folder in self._state:
                await asyncio.to_thread(leftovers.remove, folder)
            await asyncio.to_thread(self._samples.bound)
            self._folding.found(await asyncio.to_thread(self._samples.targets))
        except OSError as error:
            _LOG.warning("healthy samples cannot be read", extra={"error": str(error)})
