"""A target that only logs: its stall is captured, wherever its log is."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from model.manifest import Manifest
from tests import journals
from tests.daemon import Daemon, daemon, loopcam, looping, target, tell, until
from tests.prerequisites import require
from tests.reports import assert_valid_report

PAIR = {"start": r"iteration (?P<iteration>\d+) start", "end": r"iteration (?P<iteration>\d+) end"}


def logged(child_pid: int, **options: object) -> dict[str, object]:
    return target("scaler", child_pid, iterations=[{"log": options}])


def captured(cam: Daemon, child: object) -> Manifest:
    """The report of a stall, once healthy iterations were seen."""
    until(lambda: cam.target("scaler")["iterations"] > 2, "iterations are seen")
    assert cam.source("scaler")["up"]
    assert cam.source("scaler")["decides"]
    assert cam.metric("loopcam_source_up", target="scaler", source="log") == 1
    assert cam.metric("loopcam_overruns_total") == 0
    tell(child, "stall")  # type: ignore[arg-type]
    manifest = cam.report()
    tell(child, "go")  # type: ignore[arg-type]
    assert manifest.top_stacks[0].function == "the_culprit"
    assert manifest.capture.process.pid == child.pid  # type: ignore[attr-defined]
    return manifest


def test_a_stall_is_captured_from_a_file(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    with looping(log=str(log)) as child, daemon(tmp_path, logged(child.pid, path=str(log), **PAIR)) as cam:
        trigger = captured(cam, child).capture.trigger
        assert trigger.certainty == "certain"
        assert trigger.reason.startswith("in flight for ")
        assert trigger.iteration is not None
        page = cam.get("/")
        assert "start_end" in page
        assert "hears its target, decides" in page


def test_a_stall_is_captured_from_the_targets_own_file(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    with (
        looping(log=str(log)) as child,
        daemon(
            tmp_path, logged(child.pid, path=f"target:{log}", start="start", idle_allowance="100ms")
        ) as cam,
    ):
        trigger = captured(cam, child).capture.trigger
        assert trigger.certainty == "inferred"
        assert trigger.reason.startswith("silent for ")


def test_a_stall_is_captured_from_standard_input(tmp_path: Path) -> None:
    readable, writable = os.pipe()
    try:
        with looping(log=f"/dev/fd/{writable}", keep=[writable]) as child:
            os.close(writable)
            writable = -1
            cam = Daemon(tmp_path, [])
            cam.reports, cam.input = tmp_path, readable
            cam.arguments = [
                *("--pid", str(child.pid), "--target", "scaler", "--out", str(tmp_path)),
                *("--max-loop-time", "200ms", "--collection-time", "400ms", "--cooldown", "1h"),
                *("--log-file", "-", "--log-end", "iteration .* end", "--idle-allowance", "100ms"),
                *("--listen", "127.0.0.1:0"),
            ]
            try:
                cam.start()
                assert captured(cam, child).capture.trigger.certainty == "inferred"
                child.kill()
                until(lambda: not cam.source("scaler")["up"], "its end")
                assert cam.source("scaler")["detail"] == "standard input ended"
                assert cam.metric("loopcam_source_up", target="scaler", source="log") == 0
            finally:
                cam.close()
    finally:
        os.close(readable)
        if writable >= 0:
            os.close(writable)


def test_nothing_fires_from_a_source_that_has_ended(tmp_path: Path) -> None:
    readable, writable = os.pipe()
    try:
        with looping() as child:
            beats = {"path": "-", "beat": "turn", "idle_allowance": "1s"}
            scaler = logged(child.pid, **beats) | {"max_loop_time": "1s"}
            clock = target("clock", child.pid, max_loop_time="4s")  # tells when the time would be over
            cam = Daemon(tmp_path, [scaler, clock])
            cam.input = readable
            try:
                cam.start()
                os.write(writable, b"turn\n" * 3)
                os.close(writable)
                writable = -1
                until(lambda: cam.said("source hears nothing"), "its end")
                cam.beat("start", "clock", 1)
                assert "standard input ended" in cam.said("source hears nothing")[0]["why"]
                until(lambda: cam.metric("loopcam_overruns_total", target="clock"), "time has passed")
                assert cam.metric("loopcam_events_total", target="scaler") == 3
                assert cam.metric("loopcam_overruns_total", target="scaler") == 0
                assert cam.metric("loopcam_iteration_in_flight_seconds", target="scaler") == 0
                assert cam.target("scaler")["in_flight"] is None
                assert cam.target("scaler")["state"] == "standby"
                status, answer = cam.ask("GET", "/readyz")
                assert status == 503
                assert "start both again" in answer["problems"][0]["remedy"]
            finally:
                cam.close()
    finally:
        os.close(readable)
        if writable >= 0:
            os.close(writable)


@contextmanager
def journaled(folder: Path) -> Iterator[int]:
    """A descriptor whose lines go into a journal, as a unit's output does."""
    readable, writable = os.pipe()

    def copy() -> None:
        with journals.journal(folder) as journal, open(readable, "rb") as lines:
            for line in lines:
                journal.write(line.rstrip(b"\n"))

    copying = Thread(target=copy, name="into the journal")
    copying.start()
    try:
        yield writable
    finally:
        os.close(writable)
        copying.join()


def test_a_stall_is_captured_from_the_journal(tmp_path: Path) -> None:
    require("journal")
    folder = tmp_path / "journal"
    with journaled(folder) as writable, looping(log=f"/dev/fd/{writable}", keep=[writable]) as child:
        place = {"journal": journals.UNIT, "journal_directory": str(folder)}
        with daemon(tmp_path, logged(child.pid, **place, **PAIR)) as cam:
            trigger = captured(cam, child).capture.trigger
            assert trigger.certainty == "certain"
            assert trigger.iteration is not None
            followers = [line for line in cam.children().values() if "journalctl --follow" in line]
            assert len(followers) == 1
            cam.kill()  # whatever happens, journalctl goes with us
            until(lambda: not any("journalctl" in line for line in cam.children().values()), "it is gone")


def test_a_place_that_is_out_of_reach_is_shown_with_its_remedy(tmp_path: Path) -> None:
    environment = ("KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT", "POD_NAME")
    if any(os.environ.get(name) for name in environment):
        pytest.skip("this is a pod")
    with looping() as child:
        sources = ["heartbeat", {"log": {"kubernetes": {"container": "app"}, **PAIR}}]
        with daemon(tmp_path, target("scaler", child.pid, iterations=sources)) as cam:
            until(lambda: "no Kubernetes pod" in cam.source("scaler")["detail"], "why")
            assert "kubectl logs" in cam.source("scaler")["remedy"]
            beating = cam.source("scaler", "heartbeat")
            assert (beating["up"], beating["decides"], beating["last_event_age_s"]) == (False, True, None)
            cam.beat("start", "scaler", 1)
            beating = cam.source("scaler", "heartbeat")
            assert (beating["up"], beating["decides"]) == (True, True)
            assert beating["last_event_age_s"] < 60
            cam.report()


def test_the_demo_shows_a_report_of_a_target_that_only_logs(tmp_path: Path) -> None:
    done = loopcam("demo", "--source", "log", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    home = next((tmp_path / "reports").rglob("manifest.json")).parent
    manifest = assert_valid_report(home)
    assert manifest.top_stacks[0].function == "simulate_binpacking_of_pending_pods"
    assert manifest.capture.trigger.certainty == "certain"
    assert "Traceback" not in done.stderr
