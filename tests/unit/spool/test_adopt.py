import fcntl
import os
from pathlib import Path

import pytest

from daemon.spool.adopt import SAMPLERS_GONE_S, adopt
from daemon.spool.entry import Entry
from daemon.spool.incoming import JOURNAL_FILE, LOCK_FILE, OPENED_FILE
from daemon.spool.state import Delivery, Opened
from model import coding
from model.capture import Capture, Outcome, WindowEnd
from model.fetches import Fetch, Fetches
from model.report import CAPTURE_FILE
from tests.reports import make_report
from tests.unit.spool.entries import name, opened_spool, orphan, pieces

GARBAGE = [b"", b"\0" * 512, b"{", b'{"id":"\xff"}', b'{"x":' + b"[" * 100_000, b"[]"]


def started(path: Path) -> tuple[list[Capture], dict[str, Entry], int]:
    """What a daemon adopts at its start, then knows, and had to set aside."""
    spool = opened_spool(path)
    adopted = [entry.capture() for entry in adopt(spool)]
    try:
        return adopted, dict(spool.entries), spool.damaged()
    finally:
        spool.close()


def test_a_killed_capture_becomes_a_partial_report(tmp_path: Path) -> None:
    directory = orphan(tmp_path)
    ((capture,), entries, damaged) = started(tmp_path)
    assert (list(entries), damaged) == ([name(1)], 0)
    assert not directory.exists()
    assert capture.outcome is Outcome.PARTIAL
    assert capture.window.end is WindowEnd.DAEMON_KILLED
    assert capture.notes == ("adopted",)
    assert capture.labels == {"cluster": "prod"}
    assert capture.recording is not None
    assert len(capture.recording.segments) == 2
    assert len(capture.recording.dumps) == 2
    assert {artifact.path for artifact in capture.evidence} >= {s.path for s in capture.recording.segments}
    entry = entries[name(1)]
    assert entry.capture() == capture
    assert entry.deliveries == {"file": Delivery(), "s3": Delivery()}
    assert not entry.drawn
    assert sorted(path.name for path in entry.directory.iterdir()) == ["report", "state"]


def test_what_was_adopted_once_is_not_adopted_again(tmp_path: Path) -> None:
    orphan(tmp_path)
    assert len(started(tmp_path)[0]) == 1
    adopted, entries, _ = started(tmp_path)
    assert adopted == []
    assert list(entries) == [name(1)]


def test_only_the_pieces_that_are_there_are_told_of(tmp_path: Path) -> None:
    directory = orphan(tmp_path)
    dump, other_dump, segment, other_segment = pieces(directory)
    (directory / "report" / dump.path).unlink()
    (directory / "report" / segment.path).write_bytes(b"")
    ((capture,), _, _) = started(tmp_path)
    assert capture.recording is not None
    assert [one.path for one in capture.recording.segments] == [other_segment.path]
    assert [one.path for one in capture.recording.dumps] == [other_dump.path]


def test_half_a_line_of_the_journal_costs_that_line_only(tmp_path: Path) -> None:
    directory = orphan(tmp_path)
    journal = directory / JOURNAL_FILE
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(lines[0] + lines[1][:40] + lines[1] + lines[2] + b"\0\xff\n" + lines[3][:-30])
    ((capture,), _, _) = started(tmp_path)
    assert capture.recording is not None
    assert (len(capture.recording.dumps), len(capture.recording.segments)) == (1, 1)


@pytest.mark.parametrize("cut", [0, 1, 10, 100])
def test_any_start_of_a_journal_will_do(tmp_path: Path, cut: int) -> None:
    directory = orphan(tmp_path)
    journal = directory / JOURNAL_FILE
    journal.write_bytes(journal.read_bytes()[:cut])
    ((capture,), _, damaged) = started(tmp_path)
    assert damaged == 0
    assert capture.recording is None
    assert len(capture.evidence) > 0


def test_a_capture_that_had_just_begun_is_kept_as_well(tmp_path: Path) -> None:
    directory = orphan(tmp_path)
    (directory / JOURNAL_FILE).unlink()
    for file in (directory / "report" / "evidence").iterdir():
        file.unlink()
    ((capture,), _, _) = started(tmp_path)
    assert capture.evidence == ()
    assert capture.recording is None
    assert capture.window.started_s == capture.window.ended_s == capture.trigger.at_s


@pytest.mark.parametrize("moved_s", [-3600.0, 3600.0])
def test_a_wall_clock_that_jumped_cannot_move_evidence_out_of_the_window(
    tmp_path: Path, moved_s: float
) -> None:
    directory = orphan(tmp_path)
    for file in (directory / "report" / "evidence").iterdir():
        os.utime(file, (1_795_251_491 + moved_s, 1_795_251_491 + moved_s))
    ((capture,), _, _) = started(tmp_path)
    assert capture.recording is not None
    last_s = capture.trigger.at_s + capture.window.collection_time_s + SAMPLERS_GONE_S
    assert capture.trigger.at_s <= capture.window.ended_s <= last_s
    for segment in capture.recording.segments:
        assert segment.started_s <= segment.ended_s <= last_s


def test_a_capture_that_was_as_good_as_accepted_is_only_moved(tmp_path: Path) -> None:
    directory = orphan(tmp_path)
    whole = make_report(tmp_path / "elsewhere", report_id=name(1)) / CAPTURE_FILE
    data = whole.read_bytes()
    (directory / "report" / CAPTURE_FILE).write_bytes(data)
    (directory / "state").mkdir()
    ((capture,), entries, _) = started(tmp_path)
    assert capture.outcome is Outcome.COMPLETE
    assert (entries[name(1)].report_dir / CAPTURE_FILE).read_bytes() == data


def test_what_collectors_had_fetched_is_told_and_described(tmp_path: Path) -> None:
    directory = orphan(tmp_path)
    evidence = directory / "report" / "evidence"
    opened = coding.decode((directory / OPENED_FILE).read_bytes(), Opened)
    (evidence / "pprof-goroutines-000.txt").write_text("goroutine 1 [running]:")
    (evidence / "pprof.fetches.json").write_bytes(index("pprof", opened.trigger.at_s, 2.5))
    (evidence / "far.fetches.json").write_bytes(index("far", opened.trigger.at_s, 1e9))
    (evidence / "broken.fetches.json").write_bytes(b"{")
    (evidence / "link.fetches.json").symlink_to(evidence / "pprof.fetches.json")
    ((capture,), _, damaged) = started(tmp_path)
    assert damaged == 0
    told = {part.name: (part.outcome, part.seconds) for part in capture.parts}
    assert told["pprof"] == (Outcome.PARTIAL, 2.5)
    assert set(told) == {"pyspy", "pprof", "far"}
    kinds = {artifact.path: artifact.kind for artifact in capture.evidence}
    assert kinds["evidence/pprof-goroutines-000.txt"] == "goroutine_dump"
    assert kinds["evidence/pprof.fetches.json"] == kinds["evidence/broken.fetches.json"] == "fetches"
    last_s = capture.trigger.at_s + capture.window.collection_time_s + SAMPLERS_GONE_S
    assert capture.window.ended_s == last_s


def index(name: str, started_s: float, seconds: float) -> bytes:
    about = {"path": "", "url": "", "status": 200, "size_bytes": 0, "whole": True}
    one = Fetch(what="cpu", started_s=started_s, ended_s=started_s + seconds, **about)
    return coding.encode(Fetches(collector=name, kind="pprof", fetches=(one,)))


def test_a_rendering_that_was_cut_off_is_swept_away(tmp_path: Path) -> None:
    directory = orphan(tmp_path)
    (directory / "report" / ".drawing").mkdir()
    (directory / "report" / ".drawing" / "flamegraph.svg").write_bytes(b"<svg")
    (directory / "report" / ".capture.json.1.tmp").write_bytes(b"{")
    _, entries, _ = started(tmp_path)
    assert sorted(path.name for path in entries[name(1)].report_dir.iterdir()) == [CAPTURE_FILE, "evidence"]


@pytest.mark.threat("links")
def test_links_among_the_evidence_are_no_evidence(tmp_path: Path) -> None:
    directory = orphan(tmp_path)
    secret = tmp_path / "secret"
    secret.write_text("secret")
    (directory / "report" / "evidence" / "link.dump.json").symlink_to(secret)
    ((capture,), _, _) = started(tmp_path)
    assert "evidence/link.dump.json" not in {artifact.path for artifact in capture.evidence}


@pytest.mark.parametrize("file", [OPENED_FILE, f"report/{CAPTURE_FILE}"])
@pytest.mark.parametrize("garbage", GARBAGE, ids=range(len(GARBAGE)))
def test_what_cannot_be_understood_is_set_aside_and_the_rest_adopted(
    tmp_path: Path, file: str, garbage: bytes
) -> None:
    damaged = orphan(tmp_path, 1)
    (damaged / file).write_bytes(garbage)
    (damaged / "state").mkdir(exist_ok=True)
    orphan(tmp_path, 2)
    adopted, entries, count = started(tmp_path)
    assert [capture.id for capture in adopted] == list(entries) == [name(2)]
    assert count == 1
    assert (tmp_path / "damaged" / name(1) / "report" / "evidence").is_dir()
    assert not list((tmp_path / "incoming").iterdir())


def test_what_is_no_capture_is_set_aside_whatever_it_is(tmp_path: Path) -> None:
    orphan(tmp_path, 1)
    elsewhere = orphan(tmp_path / "elsewhere", 2)
    incoming = tmp_path / "incoming"
    (incoming / "a file").write_bytes(b"x")
    (incoming / "foreign").mkdir()
    (incoming / "foreign" / "note.txt").write_bytes(b"x")
    (incoming / "a loop").symlink_to("a loop")
    (incoming / name(2)).symlink_to(elsewhere)
    orphan(tmp_path, 3).rename(incoming / name(4))
    adopted, entries, damaged = started(tmp_path)
    assert [capture.id for capture in adopted] == list(entries) == [name(1)]
    assert damaged == 5
    assert not (elsewhere / LOCK_FILE).exists()
    assert not list(incoming.iterdir())


def test_a_recording_whose_plugin_is_gone_is_set_aside_since_nobody_can_clean_it(tmp_path: Path) -> None:
    directory = orphan(tmp_path)
    journal = directory / JOURNAL_FILE
    journal.write_bytes(journal.read_bytes().replace(b'"sampler":"pyspy"', b'"sampler":"of-a-plugin"'))
    assert started(tmp_path) == ([], {}, 1)


def test_evidence_that_a_sampler_still_writes_waits_for_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.spool.adopt.SAMPLERS_GONE_S", 0.05)
    directory = orphan(tmp_path)
    with (directory / LOCK_FILE).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert started(tmp_path) == ([], {}, 0)
        assert directory.exists()
    assert len(started(tmp_path)[0]) == 1
