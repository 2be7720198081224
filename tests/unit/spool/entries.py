"""Entries for a spool, made without a daemon."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from daemon.spool.entry import REPORT_DIR, STATE_DIR, owe
from daemon.spool.incoming import JOURNAL_FILE, OPENED_FILE, Line
from daemon.spool.spool import Spool
from daemon.spool.state import Delivery, Opened, Progress
from disk.durable import make_dir, write_atomic
from model import coding
from model.capture import Capture, Dump, Segment
from model.report import CAPTURE_FILE
from report.render import unrendered
from tests.reports import make_report

DELIVERED = Delivery(progress=Progress.DELIVERED, attempts=1, location="somewhere")


def name(number: int, target: str = "demo") -> str:
    """A report's id; higher numbers are newer."""
    return f"20261121T0858{number:02}Z-{target}-aaaaaa"


def put(
    spool: Path,
    number: int,
    *,
    target: str = "demo",
    sinks: Mapping[str, Delivery] | None = None,
    drawn: bool = True,
    padding_bytes: int = 0,
) -> Path:
    """A whole entry among the reports, its directory."""
    report_id = name(number, target)
    directory = make_dir(spool / "reports" / report_id)
    home = make_report(
        spool, target=target, report_id=report_id, extra={"evidence/padding": b"x" * padding_bytes}
    )
    home.rename(directory / REPORT_DIR)
    owe(directory, ())
    for sink, delivery in ({"file": Delivery()} if sinks is None else sinks).items():
        write_atomic(directory / STATE_DIR / f"sink-{sink}.json", coding.encode(delivery))
    if drawn:
        unrendered(directory / REPORT_DIR, "a test needs no pictures")
    return directory


def opened_spool(path: Path, *, max_bytes: int = 2**40, max_reports: int = 1000) -> Spool:
    """The spool as a daemon that starts would see it."""
    return Spool(path, max_bytes=max_bytes, max_reports=max_reports)


def orphan(spool: Path, number: int = 1) -> Path:
    """What a killed daemon leaves: evidence, a journal and what was known at the start."""
    report_id = name(number)
    directory = make_dir(spool / "incoming" / report_id)
    home = make_report(spool, report_id=report_id)
    report = home.rename(directory / REPORT_DIR)
    capture = coding.decode((report / CAPTURE_FILE).read_bytes(), Capture)
    (report / CAPTURE_FILE).unlink()
    assert capture.recording is not None
    begun = [Line(dump=dump) for dump in capture.recording.dumps[:2]]
    begun += [Line(segment=segment) for segment in capture.recording.segments]
    lines = [msgspec.structs.replace(line, sampler_version="0.4.3", rate_hz=100) for line in begun]
    (directory / JOURNAL_FILE).write_bytes(b"".join(coding.encode(line) + b"\n" for line in lines))
    write_atomic(directory / OPENED_FILE, coding.encode(facts(capture)))
    return directory


def facts(capture: Capture) -> Opened:
    """What was known when this capture started."""
    return Opened(
        id=capture.id,
        target=capture.target,
        labels={"cluster": "prod"},
        triggered_at=capture.triggered_at,
        wall_minus_monotonic_s=capture.wall_minus_monotonic_s,
        boot_id="a boot",
        process=capture.process,
        trigger=capture.trigger,
        collection_time_s=3.0,
        sinks=("file", "s3"),
    )


def pieces(directory: Path) -> list[Segment | Dump]:
    """What an orphan's journal names."""
    lines = (directory / JOURNAL_FILE).read_bytes().splitlines()
    found = [coding.decode(line, Line) for line in lines]
    return [piece for line in found if (piece := line.segment or line.dump) is not None]
