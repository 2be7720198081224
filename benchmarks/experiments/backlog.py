"""A thousand reports in the spool at the start: how soon the daemon watches, how soon they are gone."""

import shutil
import time
from pathlib import Path

import msgspec

from benchmarks.apparatus.buckets import bucket, puts_s
from benchmarks.apparatus.daemons import daemon
from benchmarks.apparatus.processes import child, program, said
from benchmarks.apparatus.synthetic import ORDINARY, write
from benchmarks.apparatus.trees import Watched
from benchmarks.figures import Row, often
from daemon.spool.entry import owe
from model import coding
from model.capture import Capture
from model.report import CAPTURE_FILE
from report.render import unrendered

REPORTS = 1000
SHAPE = ORDINARY._replace(threads=4, seconds=1)  # one look, no segment


def measure(folder: Path, times: float) -> list[Row]:
    """Drawn reports, for a bucket of a local moto server; beside it bare puts of the same files by boto3."""
    count = often(REPORTS, times)
    _fill(folder / "spool", count)
    size = sum(file.stat().st_size for file in (folder / "spool").rglob("*") if file.is_file())
    with (
        bucket() as (sink, credentials),
        child(program("threads", "4", "20")) as target,
    ):
        said(target.stdout)
        bare_s = puts_s(sink, folder / "spool", credentials)
        began_s = time.monotonic()
        with daemon(
            folder, target.pid, {"max_loop_time": "1m"}, sinks=[sink], environment=credentials
        ) as ours:
            watches_s = time.monotonic() - began_s
            with Watched(ours.pid) as seen:
                for _ in range(count):
                    ours.log("report stored")
            gone_s = time.monotonic() - began_s
    return [
        Row(
            figure="start with a backlog until it watches",
            unit="s",
            ours=watches_s,
            note=f"{count:,} reports of {size / count / 1024:.0f} KiB",
        ),
        Row(
            figure="delivering a backlog",
            unit="s",
            ours=gone_s,
            other=bare_s,
            beside="bare boto3 puts, one after the other",
        ),
        Row(
            figure="memory while a backlog is delivered",
            unit="MiB",
            ours=seen.most_mib,
            note="PSS, the store included",
        ),
    ]


def _fill(spool: Path, count: int) -> None:
    """Accepted and drawn reports, as a daemon left them."""
    first = write(spool.parent / "first", SHAPE)
    capture = coding.decode((first / CAPTURE_FILE).read_bytes(), Capture)
    for number in range(count):
        name = f"20261121T{number // 3600:02}{number // 60 % 60:02}{number % 60:02}Z-synthetic-{number:06x}"
        report = spool / "reports" / name / "report"
        shutil.copytree(first, report)
        named = msgspec.structs.replace(capture, id=name)
        (report / CAPTURE_FILE).write_bytes(coding.encode(named, indent=2))
        unrendered(report, "a benchmark needs no pictures")
        owe(report.parent, ("s3",))
