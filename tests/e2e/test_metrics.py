"""The whole daemon with the source `metrics`: Go programs by address alone, and a process with its HTTP."""

import json
import os
import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.autoscaler import Autoscaler
from tests.daemon import Daemon, daemon, loopcam, looping, target, until
from tests.exposing import Exposing, exposing
from tests.prerequisites import require
from tests.reports import assert_valid_report

CLUSTER_AUTOSCALER = {"preset": "cluster-autoscaler", "interval": "500ms", "deadline": "400ms"}
LOOP = {
    "start": 'loop_start{loop="main"}',
    "end": "loop_took_seconds_count",
    "idle_allowance": "1s",
    "interval": "500ms",
    "deadline": "400ms",
}


def named(address: str) -> str:
    return f"scaler-{address.replace(':', '-')}"


def test_go_autoscalers_by_address_alone_one_that_stalls_and_one_on_standby(
    tmp_path: Path, autoscaler: Callable[..., Autoscaler]
) -> None:
    leader, standby = autoscaler("-scan-interval", "200ms"), autoscaler("-standby")
    entry = target(
        "scaler",
        address=[leader.address, standby.address],
        iterations=[{"metrics": {**CLUSTER_AUTOSCALER, "idle_allowance": "5s"}}],
        max_loop_time="3s",
        first_loop_time="4s",
        collection_time="1s",
    )
    one, other = named(leader.address), named(standby.address)
    with daemon(tmp_path, entry) as cam:
        until(lambda: cam.target(one)["state"] == "active", "iterations of the leader")
        until(lambda: stands_by(cam, other), "the other stands by, and its source hears it")
        assert cam.metric("loopcam_overruns_total") == 0
        leader.stall("channel")
        manifest = cam.report()
        trigger = manifest.capture.trigger
        assert (trigger.target, trigger.kind, trigger.certainty) == (one, "overrun", "certain")
        assert trigger.age_s is not None
        assert trigger.age_s >= 3
        leader.go()
        until(lambda: cam.target(one)["in_flight"] is None, "its end is seen")
        standby.program.tell("lead")
        until(lambda: cam.target(other)["state"] == "active", "the other leads")
        assert cam.metric("loopcam_overruns_total", target=other) == 0


def stands_by(cam: Daemon, name: str) -> bool:
    said = cam.source(name, "metrics")
    hears = said["up"] and "no cluster_autoscaler_last_activity" in said["detail"]
    return hears and cam.target(name)["state"] == "standby"


def settled(cam: Daemon, scraped: Exposing) -> None:
    """Wait until what is exposed now has been looked at."""
    count = len(scraped.requests)
    until(lambda: len(scraped.requests) > count + 1, "it is asked again")


def test_a_process_is_watched_by_its_metrics_and_what_does_not_answer_is_no_overrun(tmp_path: Path) -> None:
    with exposing() as http, looping() as child:
        http.loop()
        entry = target("loop", child.pid, address=http.address, iterations=[{"metrics": LOOP}])
        with daemon(tmp_path, {**entry, "max_loop_time": "2s"}) as cam:
            until(lambda: cam.source("loop", "metrics")["up"], "it hears")
            http.loop(start_ago_s=0.1, ends=1, sum_s=0.1)
            settled(cam, http)
            http.loop(start_ago_s=0.0, ends=1, sum_s=0.1)
            until(lambda: cam.target("loop")["in_flight"], "in flight")
            http.answers.clear()
            until(lambda: cam.metric("loopcam_source_up", target="loop") == 0, "it is down")
            assert cam.target("loop")["state"] == "standby"
            hung = len(http.requests)
            http.text = http.text.replace("count 1", "count 2").replace("sum 0.1", "sum 0.4")
            until(lambda: len(http.requests) > hung + 8, "the iteration would have overrun twice by now")
            assert cam.metric("loopcam_overruns_total") == 0
            http.answers.set()
            until(lambda: cam.metric("loopcam_source_up", target="loop") == 1, "it is up again")
            until(lambda: cam.metric("loopcam_iteration_duration_seconds_sum") > 0, "its end is counted")
            assert cam.metric("loopcam_overruns_total") == 0

            http.loop(start_ago_s=0.0, ends=2, sum_s=0.4)
            manifest = cam.report()
            assert manifest.capture.trigger.certainty == "certain"
            assert any(part.name == "pyspy" for part in manifest.capture.parts)


def test_the_recipe_for_recording_makes_a_history_that_can_be_replayed(tmp_path: Path) -> None:
    require("curl")
    page = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text()
    (recipe,) = re.findall(r"^while sleep 5; do\n.*?^done > history.metrics$", page, re.MULTILINE | re.DOTALL)
    with exposing() as http:
        http.loop(start_ago_s=300, ends=7)
        script = recipe.replace("sleep 5", "sleep 0.1").replace("10.0.0.7:8085", http.address)
        with subprocess.Popen(["sh", "-c", script], cwd=tmp_path, start_new_session=True) as child:
            try:
                until(lambda: len(http.requests) > 3, "scrapes")
                http.status = 503
                count = len(http.requests)
                until(lambda: len(http.requests) > count + 3, "scrapes that fail")
            finally:
                os.killpg(child.pid, signal.SIGKILL)
    entry = target("loop", 1, address=http.address, iterations=[{"metrics": LOOP}], max_loop_time="1m")
    (tmp_path / "x.yaml").write_text(json.dumps({"targets": [entry]}))
    done = loopcam("check", str(tmp_path / "x.yaml"), "--replay", str(tmp_path / "history.metrics"), "--json")
    assert done.returncode == 0, done.stderr
    story = json.loads(done.stdout)
    assert story["scrapes"] > 4
    assert story["captures"] == 1
    assert [one["in_flight"] for one in story["iterations"]] == [True]


def test_a_stall_from_before_the_daemons_start_is_captured_and_one_without_an_answer_where_it_is_wanted(
    tmp_path: Path,
) -> None:
    with exposing() as http, looping() as child, exposing() as deaf, looping() as other:
        http.loop(start_ago_s=330, ends=7)  # told to a second, as its clock is known by Date
        deaf.loop()
        unanswered = {"metrics": {"unanswered": True, "interval": "500ms", "deadline": "400ms"}}
        entries = [
            target(
                "old", child.pid, address=http.address, iterations=[{"metrics": LOOP}], max_loop_time="1m"
            ),
            target(
                "deaf",
                other.pid,
                address=deaf.address,
                iterations=[{"metrics": LOOP}, {**unanswered, "name": "answers"}],
                max_loop_time="2s",
            ),
        ]
        with daemon(tmp_path, *entries) as cam:
            cam.stored(1)
            until(lambda: cam.source("deaf", "metrics")["up"], "it hears")
            deaf.answers.clear()
            found = [assert_valid_report(place).capture.trigger for place in cam.stored(2)]
            triggers = {one.target: one for one in found}
            assert triggers["old"].reason.startswith("in flight for 5m")
            assert (triggers["deaf"].iteration or "").startswith("no answer #")
            assert {one.certainty for one in found} == {"certain"}
