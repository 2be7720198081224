"""Limits on disk: read at start, written and synced before any sampler starts."""

import functools
import logging
import threading
import time
from pathlib import Path

import msgspec

from daemon.limits.rates import Instant, Limits, Saved, restored
from disk.durable import write_atomic
from disk.reading import content, set_aside
from model import coding

_LOG = logging.getLogger(__name__)
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def now() -> Instant:
    """The present on both clocks."""
    return Instant(boot_s=time.clock_gettime(time.CLOCK_BOOTTIME), wall_s=time.time())


@functools.cache
def boot_id() -> str:
    """What tells this boot of the machine from every other."""
    return _BOOT_ID.read_text().strip()


class LimitsFile:
    """`state/limits.json` in the spool."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writing = (
            threading.Lock()
        )  # captures that begin at the same time save from threads of their own

    def load(self) -> Limits:
        """The limits as they were left; where that cannot be read, one full cooldown for everybody."""
        boot_id()  # read now and known from then on: later there may be no descriptor left
        try:
            saved = coding.decode(content(self._path), Saved)
        except FileNotFoundError:
            return Limits()
        except (OSError, msgspec.DecodeError) as error:
            _LOG.warning("limits cannot be read, waiting one full cooldown", extra={"error": str(error)})
            limits = Limits(unknown_before=now())
            self._set_aside()
        else:
            limits = restored(saved, boot_id(), now())
            if saved.boot_id == boot_id():
                return limits
        self._settle(limits)
        return limits

    def save(self, limits: Limits) -> None:
        """Make what was spent durable; raises OSError."""
        with self._writing:
            write_atomic(self._path, coding.encode(limits.saved(boot_id())))

    def _set_aside(self) -> None:
        """What stands there may be no file at all, which nothing could replace."""
        try:
            set_aside(self._path)
        except OSError as error:  # the next save tells whether that matters
            _LOG.warning("damaged limits not moved", extra={"file": str(self._path), "error": str(error)})

    def _settle(self, limits: Limits) -> None:
        """Keep what was concluded: another restart must not begin the same cooldown again."""
        try:
            self.save(limits)
        except OSError as error:
            _LOG.warning("limits cannot be written", extra={"error": str(error)})
