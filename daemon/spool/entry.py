"""One report in the spool: the report itself, and beside it the spool's own bookkeeping."""

import logging
import sys
from pathlib import Path

import msgspec

from daemon.spool.state import Delivery, Drawing, Progress
from disk.durable import make_dir, size_bytes, write_atomic
from disk.reading import content
from model import coding
from model.capture import Capture
from model.errors import SpoolError
from model.events import PlanName
from model.manifest import Manifest
from model.report import CAPTURE_FILE, MANIFEST_FILE, Report

_LOG = logging.getLogger(__name__)

REPORT_DIR = "report"
STATE_DIR = "state"
_RENDER_FILE = "render.json"
_SINK, _NOTICE = "sink-", "notice-"


class Entry:
    """A directory `ID/` that holds `report/` (what sinks get) and `state/` (what we know of it).

    In memory there is only what the daemon asks for again and again: a spool may hold a thousand of them.
    """

    __slots__ = (
        "deliveries", "directory", "id", "kind", "lacking", "notices", "outcome", "plan", "reason",
        "size_bytes", "target", "triggered_at",
    )  # fmt: skip

    def __init__(self, directory: Path) -> None:
        """Read an entry; raises OSError or msgspec.DecodeError when it is damaged."""
        self.directory = directory
        capture = self.capture()
        self.id = capture.id
        self.target = sys.intern(capture.target)  # one text for all reports of a target
        self.triggered_at = capture.triggered_at
        self.kind, self.plan, self.reason = capture.trigger.kind, capture.trigger.plan, capture.trigger.reason
        self.outcome, self.lacking = capture.outcome, capture.lacking
        self.deliveries = dict(_read_deliveries(directory / STATE_DIR, _SINK))
        self.notices = dict(_read_deliveries(directory / STATE_DIR, _NOTICE))  # NOTIFICATION.MOMENT
        self.size_bytes = size_bytes(directory)

    @property
    def report_dir(self) -> Path:
        """What sinks get."""
        return self.directory / REPORT_DIR

    @property
    def drill(self) -> bool:
        """Whether it was taken to see it arrive only."""
        return self.plan is PlanName.DRILL

    @property
    def drawn(self) -> bool:
        """Whether the manifest is there, so that sinks may have it."""
        return (self.report_dir / MANIFEST_FILE).exists()

    @property
    def settled(self) -> bool:
        """Whether every sink has it."""
        return self.drawn and all(map(self.has, self.deliveries))

    def has(self, sink: str) -> bool:
        """Whether this sink has it."""
        delivery = self.deliveries.get(sink)
        return delivery is not None and delivery.progress is Progress.DELIVERED

    def locations(self) -> dict[str, str]:
        """Where it is stored, by sink."""
        return {sink: delivery.location for sink, delivery in self.deliveries.items() if self.has(sink)}

    def capture(self) -> Capture:
        """All that happened, from disk; raises OSError or msgspec.DecodeError."""
        return coding.decode(content(self.report_dir / CAPTURE_FILE), Capture)

    def manifest(self) -> Manifest:
        """Its table of contents; raises FileNotFoundError before it is drawn."""
        return coding.decode(content(self.report_dir / MANIFEST_FILE), Manifest)

    def drop_damaged_manifest(self) -> None:
        """So that the report is drawn again: all that a manifest says can be found out once more."""
        try:
            if self.drawn:
                self.manifest()
        except msgspec.DecodeError as error:
            _LOG.warning("manifest damaged, drawing again", extra={"report": self.id, "error": str(error)})
            (self.report_dir / MANIFEST_FILE).unlink()

    def report(self) -> Report:
        """The report as sinks see it."""
        return Report(directory=self.report_dir, manifest=self.manifest())

    def drawing(self) -> Drawing:
        """How often drawing it was tried."""
        try:
            return coding.decode(content(self.directory / STATE_DIR / _RENDER_FILE), Drawing)
        except (OSError, msgspec.DecodeError):
            return Drawing()

    def set_drawing(self, drawing: Drawing) -> None:
        """Remember an attempt at drawing, durably."""
        write_atomic(self.directory / STATE_DIR / _RENDER_FILE, coding.encode(drawing))

    def set_delivery(self, sink: str, delivery: Delivery) -> None:
        """Remember how far a sink is, durably; raises OSError, and then only this daemon knows it."""
        self.deliveries[sink] = delivery
        write_atomic(_file(self.directory, _SINK, sink), coding.encode(delivery))

    def set_notice(self, notice: str, delivery: Delivery) -> None:
        """The same of a notification."""
        self.notices[notice] = delivery
        write_atomic(_file(self.directory, _NOTICE, notice), coding.encode(delivery))

    def measure(self) -> None:
        """Count its bytes again, after it was drawn."""
        self.size_bytes = size_bytes(self.directory)


def check(entry: Entry) -> Entry:
    """The entry, unless it is not one of ours; then raises SpoolError."""
    if entry.directory.is_symlink() or entry.id != entry.directory.name:
        raise SpoolError("not an entry of this spool")
    return entry


def owe(directory: Path, sinks: tuple[str, ...], notices: tuple[str, ...] = ()) -> None:
    """Note in a new entry which sinks are to get it, and who is to be told of it."""
    make_dir(directory / STATE_DIR)
    for prefix, names in ((_SINK, sinks), (_NOTICE, notices)):
        for name in names:
            write_atomic(_file(directory, prefix, name), coding.encode(Delivery()))


def _file(directory: Path, prefix: str, name: str) -> Path:
    return directory / STATE_DIR / f"{prefix}{name}.json"


def _read_deliveries(folder: Path, prefix: str) -> list[tuple[str, Delivery]]:
    """The states of sinks or notices; one that cannot be read counts as pending: again does no harm.

    Raises OSError without the folder: nobody then knows which sinks are to get the report.
    """
    deliveries = []
    for file in sorted(file for file in folder.iterdir() if file.match(f"{prefix}*.json")):
        try:
            delivery = coding.decode(content(file), Delivery)
        except msgspec.DecodeError:
            delivery = Delivery()
        deliveries.append((file.stem.removeprefix(prefix), delivery))
    return deliveries
