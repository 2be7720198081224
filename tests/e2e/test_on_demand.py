"""Captures on demand, with a whole daemon: at once, with the next iteration, cancelled, and in the way."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.daemon import PATIENCE_S, Daemon, Json, daemon, loopcam, looping, target, until
from tests.reports import assert_valid_report

PATIENT = {"max_loop_time": "1h", "collection_time": "1m"}


@pytest.fixture
def stuck() -> Iterator[int]:
    with looping() as child:
        yield child.pid


def becomes(cam: Daemon, path: str, *states: str) -> Json:
    """Wait until a capture is in one of these states."""
    return until(lambda: answer if (answer := cam.get(path))["state"] in states else None, f"{states}")


def test_the_iteration_in_flight_and_who_is_in_the_way(tmp_path: Path, stuck: int) -> None:
    with daemon(tmp_path, target("one", stuck, **PATIENT)) as cam:
        cam.finds("one")
        cam.beat("start", "one", 17)
        status, answer = cam.ask("POST", "/v1/collect", {"when": "now"})
        assert (status, answer["state"], answer["kind"]) == (202, "running", "manual")
        assert answer["status"] == f"/v1/captures/{answer['id']}"
        status, refused = cam.ask("POST", "/v1/collect")
        assert status == 409
        assert answer["id"] in refused["error"]
        (busy,) = refused["busy"]
        assert (busy["id"], busy["target"], busy["status"]) == (answer["id"], "one", answer["status"])
        cam.beat("end", "one", 17)  # a capture by hand goes on
        until(cam.recorded_a_while, "it goes on")
        assert cam.ask("DELETE", answer["status"])[0] == 202
        stored = becomes(cam, answer["status"], "stored")
        capture = cam.report().capture
        assert (capture.id, capture.window.end, capture.outcome) == (answer["id"], "cancelled", "partial")
        assert capture.iteration is not None
        assert (capture.iteration.id, capture.iteration.ended_s is None) == ("17", False)
        assert stored["sinks"]["file"]["location"].endswith(answer["id"])
        assert cam.ask("DELETE", answer["status"])[0] == 409  # it is over
        assert cam.ask("GET", "/v1/captures/none")[0] == 404
        for wrong in ({"when": "later"}, {"wait_s": 5}, {"when": "next-iteration", "wait_s": 3601}):
            assert cam.ask("POST", "/v1/collect", wrong)[0] == 400


@contextmanager
def following(cam: Daemon) -> Iterator["subprocess.Popen[str]"]:
    """`loopcam collect` that waits for the next iteration, and is ended when the test is over."""
    child = subprocess.Popen(
        [sys.executable, "-m", "daemon", "collect", "--when", "next-iteration", "--follow"],
        env={**os.environ, "LOOPCAM_URL": cam.url},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a job's background ignores it
    )
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


def first_line(child: "subprocess.Popen[str]") -> str:
    assert child.stdout is not None
    return child.stdout.readline()


def test_the_next_iteration(tmp_path: Path, stuck: int) -> None:
    with daemon(tmp_path, target("one", stuck, **PATIENT)) as cam:
        cam.finds("one")
        cam.beat("start", "one", 17)
        with following(cam) as child:
            said = first_line(child)
            assert said.startswith("waiting for the next iteration of one: report ")
            path = f"/v1/captures/{said.split()[-1]}"
            assert cam.get(path)["state"] == "waiting"
            assert path.endswith(cam.target("one")["waiting"])
            assert "a capture waits for the next iteration" in cam.get("/")
            cam.beat("end", "one", 17)
            assert cam.get(path)["state"] == "waiting"
            cam.beat("start", "one", 18)
            becomes(cam, path, "running")
            until(cam.recorded_a_while, "it runs")
            cam.beat("end", "one", 18)  # and the window ends with it
            location, _ = child.communicate(timeout=PATIENCE_S)
        assert child.returncode == 0
        capture = assert_valid_report(Path(location.split("file: ")[1].strip())).capture
        assert (capture.trigger.kind, capture.trigger.iteration) == ("manual", "18")
        assert (capture.window.end, f"/v1/captures/{capture.id}") == ("iteration_ended", path)


def test_whoever_goes_away_takes_the_order_along(tmp_path: Path, stuck: int) -> None:
    with daemon(tmp_path, target("one", stuck, **PATIENT)) as cam:
        cam.finds("one")
        with following(cam) as child:
            path = f"/v1/captures/{first_line(child).split()[-1]}"
            child.send_signal(signal.SIGINT)
            _, said = child.communicate(timeout=PATIENCE_S)
        assert child.returncode == 1
        assert "cancelled: cancelled before an iteration began" in said
        assert cam.get(path)["state"] == "cancelled"
        cam.beat("start", "one", 1)
        assert not cam.target("one")["capturing"]
        waiting = ("collect", "--when", "next-iteration", "--wait", "300ms", "--follow", "--url", cam.url)
        expired = loopcam(*waiting)
        assert expired.returncode == 1
        assert "expired: no iteration began within 300ms" in expired.stderr
        assert loopcam("collect", "--wait", "3s", "--url", cam.url).returncode == 64
