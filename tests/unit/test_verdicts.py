"""Verdicts as the daemon tells them: counted once, the newest remembered, drills and the undrawn left out."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from daemon.spool.entry import Entry
from daemon.spool.spool import Spool
from daemon.telemetry.series import Telemetry
from daemon.telemetry.verdicts import Verdicts, judged
from model import coding
from model.events import PlanName
from model.report import CAPTURE_FILE, MANIFEST_FILE
from model.verdict import Cause, Confidence, Verdict
from tests.unit.spool.entries import opened_spool, put


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    one = opened_spool(tmp_path / "spool")
    yield one
    one.close()


@pytest.fixture
def telemetry() -> Telemetry:
    made = Telemetry("1")
    made.add_target("demo")
    return made


def entry(
    spool: Spool, number: int, cause: Cause | None, *, drill: bool = False, drawn: bool = True
) -> Entry:
    directory = put(spool.path, number, drawn=drawn)
    one = Entry(directory)
    if drawn:
        manifest = one.manifest()
        verdict = cause and Verdict(
            cause=cause,
            confidence=Confidence.HIGH,
            sentence="So it was.",
            score=0.9,
            signature=f"{cause}-{number}",
        )
        manifest = msgspec.structs.replace(manifest, verdict=verdict)
        (one.report_dir / MANIFEST_FILE).write_bytes(coding.encode(manifest))
    if drill:
        trigger = msgspec.structs.replace(one.capture().trigger, plan=PlanName.DRILL)
        capture = msgspec.structs.replace(one.capture(), trigger=trigger)
        (one.report_dir / CAPTURE_FILE).write_bytes(coding.encode(capture))
    return Entry(directory)


def shown(telemetry: Telemetry) -> list[str]:
    lines = telemetry.writer()[0]().decode().splitlines()
    return [line for line in lines if line.startswith(("loopcam_verdicts", "loopcam_last_verdict"))]


def test_a_verdict_is_counted_and_one_series_names_the_newest(spool: Spool, telemetry: Telemetry) -> None:
    verdicts = Verdicts(telemetry)
    for number, cause in ((1, Cause.DNS), (3, Cause.DISK), (2, Cause.DNS)):
        verdicts.drawn(entry(spool, number, cause))
    lines = shown(telemetry)
    assert 'loopcam_verdicts_total{cause="dns",confidence="high",target="demo"} 2.0' in lines
    newest = [line for line in lines if line.startswith("loopcam_last_verdict_info")]
    assert len(newest) == 1
    assert 'signature="disk-3"' in newest[0]
    last = verdicts.last("demo")
    assert last is not None
    assert (last.verdict.cause, last.verdict.sentence) == ("disk", "So it was.")
    verdicts.forget("demo")
    assert verdicts.last("demo") is None


def test_what_an_earlier_daemon_knew_is_known_but_not_counted(spool: Spool, telemetry: Telemetry) -> None:
    verdicts = Verdicts(telemetry)
    verdicts.remember([entry(spool, 2, Cause.TLS), entry(spool, 1, Cause.DNS)])
    assert [line for line in shown(telemetry) if "_total{" in line] == []
    assert 'cause="tls"' in shown(telemetry)[0]


def test_drills_and_reports_without_a_verdict_say_nothing(spool: Spool, telemetry: Telemetry) -> None:
    verdicts = Verdicts(telemetry)
    verdicts.drawn(entry(spool, 1, Cause.DNS, drill=True))
    verdicts.drawn(entry(spool, 2, None))
    verdicts.drawn(entry(spool, 3, None, drawn=False))
    damaged = entry(spool, 4, Cause.DNS)
    (damaged.report_dir / MANIFEST_FILE).write_bytes(b"{")
    verdicts.drawn(damaged)
    assert judged(damaged) is None
    assert not shown(telemetry)
    assert verdicts.last("demo") is None
