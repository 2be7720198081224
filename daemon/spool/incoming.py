"""A capture while it is taken: evidence files, and a journal from which a later daemon can adopt them."""

import fcntl
import os
from pathlib import Path

import msgspec

from daemon.spool.state import Opened
from disk.durable import FILE_MODE, make_dir
from model import coding
from model.capture import Dump, Segment
from model.report import EVIDENCE_DIR

OPENED_FILE = "opened.json"
JOURNAL_FILE = "journal.jsonl"
LOCK_FILE = "lock"


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the journal: a piece of evidence that was begun."""

    sampler_version: str = ""
    rate_hz: int = 0
    segment: Segment | None = None
    dump: Dump | None = None
    whole: bool = False  # it is all there, and its times are known: it was taken before the trigger


class Incoming:
    """The folder of a capture in progress.

    Samplers inherit its lock: as long as the daemon or one of them lives, nobody else adopts it.
    """

    def __init__(self, directory: Path, opened: Opened) -> None:
        """Make the folder; raises OSError (no space, no right)."""
        self.directory = directory
        self.opened = opened
        self.report_dir = make_dir(directory / "report")
        self.evidence_dir = make_dir(self.report_dir / EVIDENCE_DIR)
        self.lock = os.open(directory / LOCK_FILE, os.O_RDWR | os.O_CREAT, FILE_MODE)
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Not synced, like the journal: both serve a killed daemon, and the first look must not wait.
            self._append(OPENED_FILE, coding.encode(opened))
        except OSError:
            os.close(self.lock)
            raise

    def note(self, line: Line) -> None:
        """Append to the journal."""
        self._append(JOURNAL_FILE, coding.encode(line) + b"\n")

    def close(self) -> None:
        """Let go of the lock and drop what only an adoption would need."""
        if self.lock >= 0:
            os.close(self.lock)
            self.lock = -1
        for name in (LOCK_FILE, OPENED_FILE, JOURNAL_FILE):
            (self.directory / name).unlink(missing_ok=True)

    def _append(self, name: str, data: bytes) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        with open(os.open(self.directory / name, flags, FILE_MODE), "ab") as file:
            file.write(data)
