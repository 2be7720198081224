"""Where the reader of a log was, on disk, so that a restart goes on there. Losing it never stops anything."""

import logging
import time
from pathlib import Path

import msgspec

from daemon.sources.log.readers.file.whereabouts import Whereabouts
from disk.durable import make_dir, write_atomic
from model import coding

_LOG = logging.getLogger(__name__)

VERSION = 1
EVERY_S = 1.0
MOST_BYTES = 4 * 2**20


class Held(msgspec.Struct, frozen=True):
    """A process, as long as the machine runs."""

    boot_id: str
    pid: int
    start_ticks: int


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """All that a source remembers."""

    version: int = VERSION
    log: str  # where it is, as configured
    file: Whereabouts | None = None
    bookmark: str = ""  # of readers that ask a service
    opened: tuple[str | None, ...] = ()  # iterations without an end
    process: Held | None = None  # whose they are


class Places:
    """The file of one source."""

    def __init__(self, folder: Path, target: str, source: str) -> None:
        self.path = folder / f"{target}@{source}.json"  # no name holds a @
        self._about = {"target": target, "source": source, "path": str(self.path)}
        self._written: Place | None = None
        self._failed = False

    def read(self, log: str) -> tuple[Place, bool]:
        """What was remembered of this log, and whether it was damaged; an empty place where there is none."""
        try:
            with self.path.open("rb") as file:
                place = coding.decode(file.read(MOST_BYTES), Place)
            if place.version != VERSION:
                raise msgspec.ValidationError(f"version {place.version} is not known")
        except FileNotFoundError:
            return Place(log=log), False
        except (OSError, msgspec.MsgspecError) as error:
            self._set_aside(error)
            return Place(log=log), True
        return (place if place.log == log else Place(log=log)), False

    def write(self, place: Place, *, sync: bool = False) -> None:
        """Remember another place; where that cannot be done, it is said once."""
        if place == self._written and not sync:
            return
        try:
            make_dir(self.path.parent)
            write_atomic(self.path, coding.encode(place), sync=sync)
        except OSError as error:
            if not self._failed:
                said = {**self._about, "error": str(error), "remedy": "make the spool's folder writable"}
                _LOG.warning(
                    "place in the log cannot be remembered, a restart will begin at its end", extra=said
                )
            self._failed = True
            return
        self._failed, self._written = False, place

    def _set_aside(self, error: Exception) -> None:
        aside = self.path.with_name(f"{self.path.name}.corrupt-{time.time_ns()}")
        try:
            self.path.rename(aside)
        except OSError as failed:
            aside = self.path
            _LOG.warning("a damaged place cannot be set aside", extra={**self._about, "error": str(failed)})
        said = {**self._about, "error": str(error), "kept": str(aside)}
        _LOG.warning("place in the log is damaged, reading begins at its end", extra=said)
