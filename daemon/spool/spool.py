"""The spool's folders, its quota, and taking everything up again at start."""

import fcntl
import logging
import os
import shutil
import time
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import msgspec

from daemon.spool.entry import Entry, check, owe
from daemon.spool.healthy import Healthy
from daemon.spool.incoming import Incoming
from daemon.spool.place import demand_no_trap
from daemon.spool.state import Delivery, Opened
from disk.durable import FILE_MODE, make_dir, sync_dir, sync_files, write_atomic
from model import coding
from model.capture import Capture
from model.errors import SpoolError
from model.report import CAPTURE_FILE

_LOG = logging.getLogger(__name__)

LEAST_FREE_BYTES = 8 * 2**20  # on the spool's disk: with less, no capture, and delivered reports go
START_S = 0.5  # of a start, for what lies in the spool: a thousand entries; `take_up` reads the rest
MOST_AT_ONCE = 20  # reports that are deleted in one go: the daemon keeps time meanwhile


class Spool:
    """Reports on disk. A report is accepted once `accept` returns, and is then never dropped undelivered."""

    def __init__(self, path: Path, *, max_bytes: int, max_reports: int) -> None:
        """Open a spool for this process alone; raises SpoolError when it cannot be used."""
        self.path = path
        self.max_bytes = max_bytes
        self.max_reports = max_reports
        try:
            for name in ("state", "incoming", "reports", "damaged"):
                demand_no_trap(make_dir(path / name, sync=True))
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            self._lock = os.open(path / "lock", flags, FILE_MODE)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SpoolError(
                f"spool {path} is used by another daemon",
                remedy="end it, or give this one another `spool.path` (--out)",
            ) from error
        except OSError as error:
            raise SpoolError(
                f"spool {path}: {error.strerror}",
                remedy="give `spool.path` (or --out) a folder that loopcam may write",
            ) from error
        self.entries: dict[str, Entry] = {}
        self.healthy = Healthy()
        self._sinks: tuple[str, ...] = ()
        self._unread = deque(sorted(os.listdir(path / "reports")))
        self.take_up(START_S)

    def begin(self, opened: Opened) -> Incoming:
        """A place for a new capture's evidence; raises OSError, and then leaves nothing behind."""
        directory = self.path / "incoming" / opened.id
        try:
            incoming = Incoming(directory, opened)
        except OSError:
            shutil.rmtree(directory, ignore_errors=True)
            raise
        self.healthy.enclose(opened.target, incoming.evidence_dir)
        return incoming

    def owe_to(self, sinks: tuple[str, ...]) -> None:
        """Know the configured sinks. What none of them is to get, and nobody has, they all are to get.

        So a sink's new name loses nothing; what only a sink that is gone was to get fills no quota.
        """
        self._sinks = sinks
        self._owe(self.entries.values())

    def take_up(self, seconds: float) -> list[Entry]:
        """Read entries for so long, oldest first, and give those that are new; damaged ones are set aside."""
        until_s, found = time.monotonic() + seconds, []
        while self._unread and time.monotonic() < until_s:
            directory = self.path / "reports" / self._unread.popleft()
            if directory.name in self.entries:  # it became a report meanwhile
                continue
            try:
                entry = check(Entry(directory))
                entry.drop_damaged_manifest()
                found.append(entry)
            except (OSError, msgspec.DecodeError, SpoolError) as error:
                self.set_aside(directory, str(error))
        self._owe(found)
        self.entries.update((entry.id, entry) for entry in found)
        return found

    @property
    def unread(self) -> int:
        """How many entries an earlier daemon left that are not taken up yet."""
        return len(self._unread)

    def accept(self, incoming: Incoming, capture: Capture) -> Entry:
        """Make a finished capture durable, for `add`; raises OSError and then leaves the evidence in place.

        It may run in a thread: it does not touch the entries.
        """
        directory = incoming.directory
        if directory.exists():  # otherwise it was moved already, but its new name was not yet durable
            owe(directory, incoming.opened.sinks, incoming.opened.notices)
            sync_files([incoming.report_dir / artifact.path for artifact in capture.evidence])
            write_atomic(incoming.report_dir / CAPTURE_FILE, coding.encode(capture, indent=2))
            sync_dir(incoming.evidence_dir)
            incoming.close()
        return self.take_in(directory)

    def add(self, entry: Entry) -> None:
        """Know a durable entry from now on."""
        self.entries[entry.id] = entry

    def take_in(self, directory: Path) -> Entry:
        """Move a whole entry among the reports, durably; a damaged one raises before it is moved."""
        final = self.path / "reports" / directory.name
        if directory.exists():
            check(Entry(directory))
            sync_dir(directory)
            directory.rename(final)
        sync_dir(final.parent)
        sync_dir(directory.parent)
        return Entry(final)

    def discard(self, incoming: Incoming) -> None:
        """Drop a capture that came to nothing."""
        incoming.close()
        shutil.rmtree(incoming.directory, ignore_errors=True)

    def orphans(self) -> list[Path]:
        """Captures that an earlier daemon did not live to finish."""
        return sorted((self.path / "incoming").iterdir())

    def used_bytes(self) -> int:
        """Bytes of all reports."""
        return sum(entry.size_bytes for entry in self.entries.values())

    def owed(self) -> list[Entry]:
        """Reports that must stay: some sink has yet to store them."""
        return [entry for entry in self.entries.values() if not self._settled(entry)]

    def disk_free_bytes(self) -> int:
        """Bytes that its disk has left for us."""
        disk = os.statvfs(self.path)
        return disk.f_bavail * disk.f_frsize

    def disk_full(self) -> bool:
        """Whether it has less space than captures need."""
        return self.disk_free_bytes() < LEAST_FREE_BYTES

    def damaged(self) -> int:
        """How many entries were set aside."""
        return sum(1 for _ in (self.path / "damaged").iterdir())

    def has_room(self, target: str) -> bool:
        """Whether a new capture of this target may be taken.

        One undelivered report a target is always allowed, so that a noisy target cannot silence another. A
        disk without space allows none.
        """
        if self.disk_full():
            self.make_room()
            return not self.disk_full()
        if not self._full():
            return True
        kept = self.owed()  # others can make room
        if len(kept) < self.max_reports and sum(entry.size_bytes for entry in kept) < self.max_bytes:
            return True
        return not any(entry.target == target for entry in kept)

    def make_room(self) -> int:
        """Delete reports that every sink has, oldest first, while the quota is reached or the disk full.

        Gives how many: not all of them at once.
        """
        deleted = 0
        for entry in islice(self._over_quota(), MOST_AT_ONCE):
            deleted += 1
            del self.entries[entry.id]
            shutil.rmtree(entry.directory, ignore_errors=True)
        return deleted

    def set_aside(self, directory: Path, why: str) -> None:
        """Keep a damaged entry out of the way, for a person to look at."""
        _LOG.warning("damaged entry set aside", extra={"entry": directory.name, "error": why})
        place = self.path / "damaged" / directory.name
        try:
            while place.exists() or place.is_symlink():
                place = place.with_name(place.name + "+")
            directory.rename(place)
        except OSError as error:  # it stays where it is, and the daemon still starts
            _LOG.error("damaged entry not moved", extra={"entry": directory.name, "error": str(error)})

    def close(self) -> None:
        """Let another daemon have it."""
        os.close(self._lock)

    def _owe(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            if not any(sink in self._sinks or entry.has(sink) for sink in entry.deliveries):
                for sink in self._sinks:
                    entry.deliveries[sink] = Delivery()

    def _settled(self, entry: Entry) -> bool:
        """Whether every sink has it that is still configured."""
        owed = [sink for sink in entry.deliveries if sink in self._sinks or not self._sinks]
        return entry.drawn and all(map(entry.has, owed))

    def _full(self) -> bool:
        return len(self.entries) + self.unread >= self.max_reports or self.used_bytes() >= self.max_bytes

    def _over_quota(self) -> Iterator[Entry]:
        """Settled reports, oldest first, as long as there are too many."""
        for entry in sorted(self.entries.values(), key=lambda entry: entry.id):
            if not self._full() and not self.disk_full():
                return
            if self._settled(entry):
                yield entry
