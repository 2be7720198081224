import os
import signal
from pathlib import Path

import pytest

from daemon.spool.state import Delivery
from tests.daemon import Daemon, daemon, loopcam, target, until
from tests.reports import assert_valid_report
from tests.servers import scripted, silent
from tests.unit.spool.entries import DELIVERED, name, put


@pytest.mark.fault("S11")
def test_damaged_entries_are_set_aside_and_the_others_delivered(tmp_path: Path, stuck: int) -> None:
    spool, whole = tmp_path / "spool", [name(1), name(2)]
    put(spool, 1, drawn=False)
    put(spool, 2)

    truncated = put(spool, 10, drawn=False) / "report" / "capture.json"
    truncated.write_bytes(truncated.read_bytes()[:100])
    (put(spool, 11, drawn=False) / "report" / "capture.json").write_bytes(b"\xff\x00" * 50)
    (put(spool, 12, drawn=False) / "report" / "capture.json").write_bytes(b"[" * 100_000)
    put(spool, 13, drawn=False).rename(spool / "reports" / name(14))
    (spool / "reports" / "garbage").mkdir()
    (spool / "reports" / "garbage" / "file").write_text("of somebody else")
    (spool / "reports" / "a file").write_text("where folders are")
    (spool / "reports" / name(15)).symlink_to("/etc")
    (spool / "incoming" / "orphan").mkdir(parents=True)
    (spool / "incoming" / "orphan" / "opened.json").write_text("{")

    with daemon(tmp_path, target("one", stuck)) as cam:
        assert [one.name for one in cam.stored(2)] == whole
        assert cam.entries() == whole
        assert cam.get("/v1/status")["spool_damaged"] == 8
        assert cam.metric("loopcam_spool_damaged") == 8
        assert "8 damaged entries" in cam.get("/")
        assert len(cam.said("damaged entry set aside")) == 8
        assert {file.name for file in (spool / "damaged").iterdir()} > {"garbage", "a file", "orphan"}
        assert (spool / "damaged" / "garbage" / "file").read_text() == "of somebody else"


@pytest.mark.fault("S11")
def test_a_state_file_without_content_means_that_it_is_delivered_again(tmp_path: Path, stuck: int) -> None:
    entry = put(tmp_path / "spool", 1, sinks={"file": DELIVERED})
    (entry / "state" / "sink-file.json").write_bytes(b"")
    with daemon(tmp_path, target("one", stuck)) as cam:
        cam.stored(1)


@pytest.mark.fault("S11")
def test_evidence_that_changed_before_it_was_drawn_is_delivered_and_told(tmp_path: Path, stuck: int) -> None:
    evidence = put(tmp_path / "spool", 1, drawn=False) / "report" / "evidence" / "pyspy-000.json"
    flip(evidence)
    with daemon(tmp_path, target("one", stuck)) as cam:
        assert "evidence/pyspy-000.json was changed after the capture" in cam.report().rendering.detail


@pytest.mark.fault("S11")
def test_evidence_that_changed_after_it_was_drawn_is_kept_and_told(tmp_path: Path, stuck: int) -> None:
    entry = put(tmp_path / "spool", 1)
    flip(entry / "report" / "evidence" / "pyspy-000.json")
    put(tmp_path / "spool", 2, drawn=False)
    with daemon(tmp_path, target("one", stuck)) as cam:
        assert cam.stored(1)[0].name == name(2)
        until(lambda: cam.sink("file")["dead"] == 1, "given up")
        assert "evidence/pyspy-000.json: its content was changed" in cam.sink("file")["last_error"]
        assert cam.entries() == [name(1), name(2)]


@pytest.mark.fault("S11")
def test_a_manifest_that_cannot_be_read_is_drawn_again(tmp_path: Path, stuck: int) -> None:
    entry = put(tmp_path / "spool", 1)
    (entry / "report" / "manifest.json").write_bytes(b"\xff")
    with daemon(tmp_path, target("one", stuck)) as cam:
        assert cam.report().rendering.rendered
        assert [one["id"] for one in cam.get("/v1/reports")] == [name(1)]


def test_evidence_whose_renderer_dies_twice_is_delivered_unrendered_and_says_so(
    tmp_path: Path, stuck: int
) -> None:
    with daemon(tmp_path, target("one", stuck)) as cam:
        cam.beat("start", "one")
        ended: set[int] = set()
        while len(ended) < 2:  # as the kernel does when memory is short
            for pid in until(lambda: renderers(cam) - ended, "a renderer"):
                os.kill(pid, signal.SIGKILL)
                ended.add(pid)
        manifest = cam.report()
        assert not manifest.rendering.rendered
        assert "drawing it failed twice" in manifest.rendering.detail
        assert [one.kind for one in manifest.artifacts if one.kind == "dump"]
        assert "was ended by SIGKILL" in cam.said("drawing failed")[0]["error"]
        assert (cam.stored(1)[0] / "report.html").exists() is False
        assert cam.get("/v1/reports")[0]["top"] == ""
        assert loopcam("reports", "show", str(cam.reports)).returncode == 0


@pytest.mark.fault("S12")
def test_of_two_daemons_on_one_spool_the_second_ends(tmp_path: Path, stuck: int) -> None:
    with daemon(tmp_path, target("one", stuck)) as cam:
        again = loopcam("run", "--config", str(cam.file))
        assert again.returncode == 1
        assert f"spool {cam.spool} is used by another daemon" in again.stderr
        assert "Traceback" not in again.stderr
        cam.beat("start", "one")
        cam.stored(1)


def test_an_address_in_use_is_told_in_plain_words(tmp_path: Path, stuck: int) -> None:
    (tmp_path / "other").mkdir()
    with daemon(tmp_path, target("one", stuck)) as cam:
        other = Daemon(tmp_path / "other", [target("one", stuck)], listen=cam.url.removeprefix("http://"))
        done = loopcam("run", "--config", str(other.file))
        assert done.returncode == 1
        assert "cannot listen on 127.0.0.1" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_spool_that_cannot_be_made_is_told_in_plain_words(tmp_path: Path, stuck: int) -> None:
    (tmp_path / "file").write_text("")
    other = Daemon(tmp_path, [target("one", stuck)], spool={"path": str(tmp_path / "file" / "spool")})
    done = loopcam("run", "--config", str(other.file))
    assert done.returncode == 1
    assert "Not a directory" in done.stderr
    assert "spool.path" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.fault("S4")
def test_the_oldest_delivered_reports_make_room(tmp_path: Path, stuck: int) -> None:
    spool = tmp_path / "spool"
    for number in range(1, 5):
        put(spool, number, sinks={"file": DELIVERED})
    put(spool, 0, sinks={"hanging": Delivery()})
    with scripted(silent) as hanging:
        sinks = [
            {"file": {"path": str(tmp_path / "reports")}},
            {"http": {"url": hanging.url}, "name": "hanging"},
        ]
        quota = {"path": str(spool), "max_reports": 4}
        with daemon(tmp_path, target("one", stuck), sinks=sinks, spool=quota, shutdown_grace="0") as cam:
            until(lambda: cam.entries() == [name(0), name(3), name(4)], "the quota is kept")


@pytest.mark.fault("S4")
def test_a_spool_full_of_undelivered_reports_refuses_but_keeps_a_place_for_each_target(
    tmp_path: Path, stuck: int
) -> None:
    spool = tmp_path / "spool"
    for number in (1, 2):
        put(spool, number, target="one", sinks={"http": Delivery()})
    with scripted(silent) as hanging:
        sinks = [{"http": {"url": hanging.url}}]
        quota = {"path": str(spool), "max_reports": 2}
        targets = [target("one", stuck), target("other", stuck)]
        with daemon(tmp_path, *targets, sinks=sinks, spool=quota, shutdown_grace="0") as cam:
            cam.beat("start", "one")
            until(lambda: cam.metric("loopcam_refusals_total", target="one", reason="spool_full"), "refused")
            assert cam.target("one")["limits"]["would_refuse"] == "spool_full"
            assert cam.target("other")["limits"]["would_refuse"] is None
            cam.beat("start", "other")
            until(lambda: len(cam.entries()) == 3, "the other one's place")
            assert cam.target("other")["limits"]["would_refuse"] is not None
            assert name(1, "one") in cam.entries()


def test_reports_of_a_sink_that_got_another_name_are_not_lost(tmp_path: Path, stuck: int) -> None:
    put(tmp_path / "spool", 1, sinks={"old-name": Delivery()})
    with daemon(tmp_path, target("one", stuck)) as cam:
        assert assert_valid_report(cam.stored(1)[0]).id == name(1)


def renderers(cam: Daemon) -> set[int]:
    return {pid for pid, line in cam.children().items() if "daemon.worker render" in line}


def flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
