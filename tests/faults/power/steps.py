"""What is done to the spool and to a folder of reports, once and whole, for a recording.

`python -m tests.faults.power.steps STEP FOLDER` says on its output what it has acknowledged.
"""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from daemon.limits.file import LimitsFile, now
from daemon.limits.rates import Limits
from daemon.spool.incoming import Incoming
from daemon.spool.spool import Spool
from disk import durable
from model import coding
from model.capture import Capture
from model.events import TriggerKind
from model.report import CAPTURE_FILE, Report
from report.render import unrendered
from sinks.file import File
from tests.reports import REPORT_ID, make_report
from tests.unit.spool.entries import DELIVERED, facts


def spooled(folder: Path) -> None:
    """A capture becomes a report, which both sinks get; then it makes room."""
    spool = Spool(folder / "spool", max_bytes=1, max_reports=1)
    home = make_report(folder, report_id=REPORT_ID)
    capture = coding.decode((home / CAPTURE_FILE).read_bytes(), Capture)
    incoming = Incoming(spool.path / "incoming" / capture.id, facts(capture))
    for file in (home / "evidence").iterdir():
        file.rename(incoming.evidence_dir / file.name)
    entry = spool.accept(incoming, capture)
    spool.add(entry)
    print("accepted", flush=True)
    unrendered(entry.report_dir, "a test needs no pictures")
    for sink in ("file", "s3"):
        entry.set_delivery(sink, DELIVERED)
        print(sink, flush=True)
    print("leaving", flush=True)
    spool.make_room()
    assert not spool.entries


def stored(folder: Path) -> None:
    """A report is stored in a folder, then a newer revision of it."""
    home = make_report(folder, report_id=REPORT_ID, dumps=())
    sink = File(path=folder / "reports")
    for revision in ("first", "second"):
        sink.store(Report(directory=home, manifest=unrendered(home, f"the {revision}")))
        print(revision, flush=True)


def limited(folder: Path) -> None:
    """A capture of a target is spent, then one of another."""
    file, limits = LimitsFile(folder / "limits.json"), Limits()
    for target in ("one", "other"):
        limits.spend(target, TriggerKind.OVERRUN, now())
        file.save(limits)
        print(target, flush=True)


class _NoThreads:
    """A pool of a machine without threads: all is synced by the one that strace follows."""

    def __init__(self, _: int) -> None:
        pass

    def __enter__(self) -> "_NoThreads":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def map(self, _work: Callable[[Path], None], _paths: Iterable[Path]) -> Iterable[None]:
        raise RuntimeError("can't start new thread")


if __name__ == "__main__":
    vars(durable)["ThreadPoolExecutor"] = _NoThreads
    {"spooled": spooled, "stored": stored, "limited": limited}[sys.argv[1]](Path(sys.argv[2]))
