"""The durations of all targets, kept across restarts in the spool's `state/history/`."""

import logging
import time
from pathlib import Path

import msgspec

from daemon.baseline.durations import Durations, Saved
from daemon.limits.file import boot_id
from daemon.watch.iterations import Ended
from disk.durable import make_dir, write_atomic
from disk.reading import content, set_aside
from model import coding
from model.history import History

_LOG = logging.getLogger(__name__)

MOST_TARGETS = 2000  # names come and go with addresses: the one known longest is let go
WRITE_EVERY_S = 60.0
_MOST_BYTES = 2**20


class Histories:
    """Durations by target. A file that cannot be read is set aside, and its target begins anew."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, Durations] = {}
        self._changed: dict[str, None] = {}
        self._written_s = time.monotonic()

    def __len__(self) -> int:
        return len(self._known)

    def ended(self, target: str, ended: Ended) -> None:
        """An iteration ended; only a healthy one that was seen whole counts."""
        if ended.healthy:
            self._of(target).add(ended.ended_s, ended.ended_s - ended.started_s)
            self._changed[target] = None

    def of(self, target: str) -> History | None:
        """What iterations of a target usually take, if any is known."""
        return self._of(target).history()

    def figures(self, target: str) -> History | None:
        """The same as it was lately, without the last durations: for whoever asks at each iteration."""
        return self._of(target).figures()

    def due(self, now_s: float) -> bool:
        """Whether it is time to write."""
        return bool(self._changed) and now_s - self._written_s >= WRITE_EVERY_S

    def taken(self) -> dict[str, bytes]:
        """What has changed since it was asked for last, for `write`."""
        now_s, wall_s = time.monotonic(), time.time()
        changed, self._changed, self._written_s = self._changed, {}, now_s
        return {
            target: coding.encode(self._known[target].saved(target, boot_id(), now_s, wall_s))
            for target in changed
            if target in self._known
        }

    def write(self, files: dict[str, bytes]) -> None:
        """Replace files; may run in a thread. What the disk refuses is told, and lost with the daemon."""
        try:
            make_dir(self._folder)
            for target, data in files.items():
                write_atomic(self._file(target), data, sync=False)
        except OSError as error:
            _LOG.warning("durations cannot be written", extra={"error": str(error)})

    def _of(self, target: str) -> Durations:
        known = self._known.get(target)
        if known is None:
            if len(self._known) >= MOST_TARGETS:
                silent = next(iter(self._known))
                self._write_one(silent)
                del self._known[silent]
            known = self._known[target] = self._read(target)
        return known

    def _write_one(self, target: str) -> None:
        if target in self._changed:
            del self._changed[target]
            saved = self._known[target].saved(target, boot_id(), time.monotonic(), time.time())
            self.write({target: coding.encode(saved)})

    def _read(self, target: str) -> Durations:
        file, now_s = self._file(target), time.monotonic()
        try:
            saved = coding.decode(content(file, _MOST_BYTES), Saved)
            if saved.target != target:
                raise ValueError(f"of another target, {saved.target}")
            return Durations.restored(saved, boot_id(), now_s, time.time())
        except FileNotFoundError:
            return Durations(now_s)
        except (OSError, ValueError, OverflowError, msgspec.DecodeError) as error:
            _LOG.warning(
                "durations cannot be read, beginning anew", extra={"file": str(file), "error": str(error)}
            )
            self._set_aside(file)
            return Durations(now_s)

    def _set_aside(self, file: Path) -> None:
        try:
            set_aside(file)
        except OSError as error:  # the next write replaces it
            _LOG.warning("damaged file not moved", extra={"file": str(file), "error": str(error)})

    def _file(self, target: str) -> Path:
        return self._folder / f"{target}.json"
