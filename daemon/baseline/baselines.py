"""What the daemon keeps of healthy iterations: durations, samples, and the baselines folded from these."""

import asyncio
import logging
import os
import shutil
from pathlib import Path

from daemon.baseline.histories import Histories
from disk.durable import FILE_MODE
from model.baseline import BASELINE_FILE

_LOG = logging.getLogger(__name__)


class Baselines:
    """One for the daemon, over its spool."""

    def __init__(self, spool: Path) -> None:
        self.histories = Histories(spool / "state" / "history")
        self._folder = spool / "state" / "baselines"
        self._writing: asyncio.Task[None] | None = None

    def enclose(self, target: str, evidence: Path) -> None:
        """Put a target's baseline, if there is one, into the evidence of a capture; for a thread."""
        try:
            _link(self._folder / f"{target}.json", evidence / BASELINE_FILE)
        except FileNotFoundError:
            return
        except OSError as error:  # a report without it is worth having
            _LOG.warning("baseline not enclosed", extra={"target": target, "error": str(error)})

    def look(self, now_s: float) -> None:
        """About once a second: write what is due."""
        if self.histories.due(now_s) and (self._writing is None or self._writing.done()):
            work = asyncio.to_thread(self.histories.write, self.histories.taken())
            self._writing = asyncio.create_task(work, name="write durations")

    async def close(self) -> None:
        """Write what is not yet on disk."""
        if self._writing is not None:
            await asyncio.wait({self._writing})
        await asyncio.to_thread(self.histories.write, self.histories.taken())


def _link(source: Path, to: Path) -> None:
    """The same file under another name; files of ours are replaced and never changed."""
    try:
        os.link(source, to)
    except FileNotFoundError:
        raise
    except OSError:  # another file system, or none that links
        shutil.copyfile(source, to)
        to.chmod(FILE_MODE)
