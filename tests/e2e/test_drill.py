"""Drills with a whole daemon: followed to every sink, marked as drills, and in nobody's way."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from model.events import PlanName
from tests.autoscaler import Autoscaler
from tests.daemon import Daemon, daemon, loopcam, looping, target, until, whole_reports
from tests.e2e.conftest import Bucket
from tests.e2e.test_by_address import Start, watched
from tests.reports import assert_valid_report

MISSING = "none-of-this-name"
SLOW = {"max_loop_time": "1h", "collection_time": "1m", "captures_per_hour": 1}


@pytest.fixture
def stuck() -> Iterator[int]:
    with looping() as child:
        yield child.pid


def drilled(cam: Daemon, *arguments: str) -> tuple[int, str, str]:
    done = loopcam("collect", "--drill", "--url", cam.url, *arguments)
    return done.returncode, done.stdout, done.stderr


def stored(said: str, sink: str) -> str:
    """Where a sink has it, as the command tells."""
    line = next(line for line in said.splitlines() if f"by {sink} after " in line)
    return line.partition(" s: ")[2]


def test_it_is_marked_and_counts_as_nothing(tmp_path: Path, stuck: int, bucket: Bucket) -> None:
    file = {"file": {"path": str(tmp_path / "reports")}}
    with daemon(tmp_path, target("one", stuck, **SLOW), sinks=[file, bucket.sink()]) as cam:
        cam.finds("one")
        for _ in range(2):  # it leaves no cooldown, and takes nothing of the one capture an hour
            code, said, wrong = drilled(cam)
            assert code == 0, said + wrong
            assert "drill passed: one" in said
            assert stored(said, "s3").startswith(f"s3://{bucket.name}/")
            manifest = assert_valid_report(Path(stored(said, "file")))
        assert bucket.head(bucket.keys()[-1])["Metadata"]["loopcam-drill"] == "true"
        capture = manifest.capture
        assert (capture.trigger.kind, capture.trigger.plan) == ("manual", PlanName.DRILL)
        assert capture.notes == ("drill",)
        assert capture.window.collection_time_s == 2.0
        page = (Path(stored(said, "file")) / "report.html").read_text()
        assert "one: a drill, nothing overran" in page
        assert cam.metric("loopcam_overruns_total", target="one") == 0
        assert not any(value for _, value in cam.samples("loopcam_captures_total", target="one"))
        assert not any(value for _, value in cam.samples("loopcam_triggers_total", target="one"))
        limits = cam.target("one")["limits"]
        assert limits["would_refuse"] is None
        assert (limits["cooldown_left_s"], limits["captures_left_this_hour"]) == (0.0, 1)
        assert 'loopcam_last_report_info{id="' not in cam.get("/metrics")
        assert cam.ask("POST", "/v1/collect", {"drill": True, "when": "next-iteration"})[0] == 400


def test_an_overrun_takes_its_place(tmp_path: Path, stuck: int) -> None:
    quick = {**SLOW, "max_loop_time": "300ms", "collection_time": "5s"}
    with daemon(tmp_path, target("one", stuck, **quick)) as cam:
        cam.finds("one")
        _, answer = cam.ask("POST", "/v1/collect", {"drill": True})
        cam.beat("start", "one", 1)
        until(lambda: cam.get(answer["status"])["state"] != "running", "the drill is over")
        captures = [assert_valid_report(one).capture for one in cam.stored(2)]
        drill, overrun = sorted(captures, key=lambda one: one.trigger.at_s)
        assert (drill.trigger.plan, drill.window.end) == (PlanName.DRILL, "escalated")
        assert (overrun.trigger.kind, overrun.trigger.iteration) == ("overrun", "1")


def test_the_end_of_the_target_within_it_is_captured_too(tmp_path: Path) -> None:
    with looping() as child, daemon(tmp_path, target("one", child.pid, triggers=["exit"], **SLOW)) as cam:
        cam.finds("one")
        cam.beat("start", "one", 17)
        cam.ask("POST", "/v1/collect", {"drill": True})
        until(lambda: list((cam.spool / "incoming").iterdir()), "it has begun")
        child.kill()

        def kinds() -> set[str]:  # a look that the end came before may leave no drill
            return {assert_valid_report(one).capture.trigger.kind for one in whole_reports(cam.reports)}

        until(lambda: "exit" in kinds(), "the end is captured")
        assert cam.metric("loopcam_refusals_total", target="one", reason="busy") == 0


def test_what_fails_is_said(tmp_path: Path, stuck: int) -> None:
    absent = target("absent", None, process={"match": MISSING}, **SLOW)
    nowhere = {"http": {"url": "http://127.0.0.1:1/{target}/{id}"}}
    sinks = [{"file": {"path": str(tmp_path / "reports")}}, nowhere]
    off = tmp_path / "off"
    targets = absent, target("one", stuck, **SLOW)
    with daemon(tmp_path, *targets, sinks=sinks, capture_disabled_file=str(off)) as cam:
        cam.finds("one")
        code, said, _ = drilled(cam, "--wait", "12s")
        assert code == 1
        assert "FAILED    no_process: " in said
        assert stored(said, "file").startswith(str(tmp_path / "reports"))
        assert said.count("waiting   for http, which is tried again: ") == 1
        assert "FAILED    sink http has not stored it within 12s: " in said
        assert "drill FAILED for absent, one" in said
        assert not any(value for _, value in cam.samples("loopcam_refusals_total", target="absent"))
        off.touch()
        code, said, _ = drilled(cam, "--target", "one")
        assert (code, "FAILED    disabled: " in said) == (1, True)
    code = loopcam("collect", "--drill", "--url", cam.url).returncode
    assert code not in (0, 64)


def test_of_an_address(autoscaler: Start, tmp_path: Path) -> None:
    program: Autoscaler = autoscaler()
    with daemon(tmp_path, watched("scaler", program.address, collection_time="1m")) as cam:
        until(lambda: cam.target("scaler")["state"] == "active", "it loops")
        code, said, wrong = drilled(cam)
        assert code == 0, said + wrong
        manifest = assert_valid_report(Path(stored(said, "file")))
        assert manifest.capture.address == program.address
        assert manifest.capture.trigger.plan is PlanName.DRILL
