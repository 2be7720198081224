"""Whoever may speak to the daemon, or write its log, has no say in whom it captures, and how often."""

import os
from pathlib import Path

import pytest

from tests.beats import STRANGER, as_user, ended, send, shared, sockets
from tests.daemon import Daemon, daemon, looping, target, until
from tests.prerequisites import require
from tests.tally import Times

AN_HOUR = 3
FORGED = "pid=1 start\npid=1 end\n"


def captured(cam: Daemon) -> float:
    return cam.metric("loopcam_captures_total", target="one")


@pytest.mark.threat("pids")
def test_a_hundred_strange_pids_are_captured_by_no_way_of_saying_them(tmp_path: Path) -> None:
    require("root")
    with looping() as child, looping() as victim, shared() as place:
        one = target("one", child.pid, captures_per_hour=AN_HOUR)
        with daemon(tmp_path, one, unix=sockets(place / "made", mode="0666", uids=[STRANGER])) as cam:
            cam.finds("one")
            pids = [victim.pid, 1, os.getpid(), *range(2, 99)]

            def lie() -> None:
                beats = place / "made" / "beat.sock"
                said = (
                    "start one {0} pid={0}",
                    "start {0}",
                    '{{"target": "{0}", "event": "start", "pid": {0}}}',
                )
                send(beats, *(words.format(pid).encode() for pid in pids for words in said[1:]))

            assert ended(as_user(STRANGER, lie)) == 0
            answers = [cam.ask("POST", path, body)[0] for path, body in spoofed(victim.pid)]
            assert set(answers) <= {400, 404}, answers
            for pid in pids:
                assert cam.ask("POST", f"/v1/heartbeat/start?target={pid}")[0] == 404
            assert cam.target("one")["pid"] == child.pid
            assert [one["name"] for one in cam.get("/v1/status")["targets"]] == ["one"]
            refused = cam.metric("loopcam_heartbeats_refused_total")
            assert refused >= len(pids)
            assert captured(cam) == 0
            cam.beat("start", "one", str(victim.pid))  # an iteration may be called what it likes
            assert cam.report().capture.process.pid == child.pid


def spoofed(pid: int) -> list[tuple[str, dict[str, object]]]:
    """Requests that name a process."""
    beat = {"target": "one", "event": "start"}
    return [
        ("/v1/heartbeat", {**beat, "pid": pid}),
        ("/v1/heartbeat", {**beat, "process": {"pid": pid}}),
        ("/v1/heartbeat", {**beat, "target": pid}),
        ("/v1/collect", {"target": "one", "pid": pid}),
        ("/v1/collect", {"target": f"pid:{pid}"}),
        ("/v1/collect", {"target": str(pid)}),
    ]


@pytest.mark.threat("forged")
def test_a_flood_of_forged_lines_brings_as_many_captures_as_are_allowed(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.touch()
    heard = {"log": {"path": str(log), "start": "start$", "end": "end$"}}
    options = {"captures_per_hour": AN_HOUR, "cooldown": "100ms", "collection_time": "100ms"}
    with looping() as child, daemon(tmp_path, target("one", child.pid, iterations=[heard], **options)) as cam:
        cam.finds("one")
        until(lambda: cam.source("one")["up"], "the log is heard")

        def refused() -> float:
            return cam.metric("loopcam_refusals_total", target="one", reason="rate_limited")

        rounds = 0
        while refused() < 3 and rounds < 20:
            rounds += 1
            with log.open("a") as file:
                file.write(FORGED * 500 + "target=two pid=1 sink=evil collector=austin start\n")
            until(lambda number=rounds: len(cam.said("overrun")) >= number, "it overruns")
            until(lambda: not cam.target("one")["capturing"], "no capture runs")
            with log.open("a") as file:
                file.write("end\n")
        assert refused()
        reports = cam.stored(AN_HOUR)
        assert len(cam.said("capture started")) == AN_HOUR
        assert {report.relative_to(cam.reports).parts[0] for report in reports} == {"one"}


@pytest.mark.threat("floods")
def test_a_thousand_requests_bring_as_many_captures_as_are_allowed(tmp_path: Path, times: Times) -> None:
    with looping() as child:
        options = {"captures_per_hour": AN_HOUR, "collection_time": "100ms"}
        with daemon(tmp_path, target("one", child.pid, **options)) as cam:
            cam.finds("one")
            answers = [cam.ask("POST", "/v1/collect", {"target": "one"})[0] for _ in range(times(200, 1000))]
            assert set(answers) <= {202, 409, 429}, set(answers)
            until(lambda: not cam.target("one")["capturing"], "all is over")
            assert answers.count(202) <= AN_HOUR
            cam.stored(answers.count(202))
