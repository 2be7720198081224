"""The whole daemon with the source `metrics`: Go programs by address alone, and a process with its HTTP."""

import time
from collections.abc import Callable
from pathlib import Path

from tests.autoscaler import Autoscaler
from tests.daemon import Daemon, daemon, looping, target, until
from tests.exposing import Exposing, exposing

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
        until(lambda: cam.target(other)["state"] == "standby", "the other stands by")
        assert cam.source(other, "metrics")["up"]
        assert "no cluster_autoscaler_last_activity" in cam.source(other, "metrics")["detail"]
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
            hung_s = time.monotonic()
            http.text = http.text.replace("count 1", "count 2").replace("sum 0.1", "sum 0.4")
            until(lambda: time.monotonic() - hung_s > 4, "the iteration would have overrun")
            assert cam.metric("loopcam_overruns_total") == 0
            http.answers.set()
            until(lambda: cam.metric("loopcam_source_up", target="loop") == 1, "it is up again")
            until(lambda: cam.metric("loopcam_iteration_duration_seconds_sum") > 0, "its end is counted")
            assert cam.metric("loopcam_overruns_total") == 0

            http.loop(start_ago_s=0.0, ends=2, sum_s=0.4)
            manifest = cam.report()
            assert manifest.capture.trigger.certainty == "certain"
            assert any(part.name == "pyspy" for part in manifest.capture.parts)


def test_a_stall_from_before_the_daemons_start_is_captured_and_one_without_an_answer_where_it_is_wanted(
    tmp_path: Path,
) -> None:
    with exposing() as http, looping() as child, exposing() as deaf, looping() as other:
        http.loop(start_ago_s=300, ends=7)
        deaf.loop(start_ago_s=0.1, ends=7)
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
            (first,) = cam.stored(1)
            assert "old" in first.name
            until(lambda: cam.source("deaf", "metrics")["up"], "it hears")
            deaf.answers.clear()
            cam.stored(2)
            reasons = {one["target"]: one["reason"] for one in cam.get("/v1/reports")}
            assert reasons["old"].startswith("in flight for 5m")
            assert set(reasons) == {"old", "deaf"}
