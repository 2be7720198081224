"""A Go program under the whole daemon, over HTTP alone: no right over its process, no restart."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from model import coding
from model.capture import Outcome, WindowEnd
from model.fetches import Fetches
from model.manifest import Manifest
from tests.autoscaler import Autoscaler
from tests.daemon import Daemon, daemon, until
from tests.reports import assert_valid_report

Starts = Callable[..., Autoscaler]


def started(autoscaler: Starts, log: Path) -> Autoscaler:
    """One that logs as Cluster Autoscaler does."""
    return autoscaler("--scan-interval", "50ms", "--log", str(log))


def configured(scaler: Autoscaler, log: Path, **options: Any) -> dict[str, object]:
    """It as a target; an iteration is over when the second of these lines is there."""
    marks = {"path": str(log), "start": "Starting main loop", "end": "Calculating unneeded nodes"}
    times = {"max_loop_time": "2s", "collection_time": "1200ms", "cooldown": "1h"}
    place = {"name": "ca", "address": scaler.address, "iterations": [{"log": marks}]}
    return {**place, **times, **options}


def stalls(cam: Daemon, scaler: Autoscaler, kind: str) -> None:
    """It stalls, once the daemon follows its log."""
    until(lambda: cam.source("ca")["up"], "its log is followed")
    scaler.stall(kind)


def kinds(manifest: Manifest) -> dict[str, str]:
    return {one.path.removeprefix("evidence/"): one.kind for one in manifest.capture.evidence}


def test_an_overrun_is_captured_by_address_alone(tmp_path: Path, autoscaler: Starts) -> None:
    log = tmp_path / "ca.log"
    scaler = started(autoscaler, log)
    metrics = {"http": {"path": "/metrics", "when": "both"}, "name": "metrics"}
    health = {"http": {"path": "/health-check"}, "name": "health"}
    with daemon(tmp_path, configured(scaler, log, collectors=["pprof", metrics, health])) as cam:
        stalls(cam, scaler, "mutex")
        home = cam.stored(1)[0]
        scaler.go()
        manifest = assert_valid_report(home)
        assert manifest.capture.outcome is Outcome.COMPLETE
        assert (manifest.capture.address, manifest.capture.process) == (scaler.address, None)
        assert {part.name for part in manifest.capture.parts} == {"pprof", "metrics", "health"}
        found = kinds(manifest)
        assert found["pprof-goroutines-000.txt"] == "goroutine_dump"
        assert found["pprof-cpu-000.pb.gz"] == "pprof_cpu"
        assert found["metrics-trigger.txt"] == found["metrics-end.txt"] == "http_response"
        assert found["pprof.fetches.json"] == found["health.fetches.json"] == "fetches"
        dump = (home / "evidence" / "pprof-goroutines-000.txt").read_text()
        assert "main.(*autoscaler).refreshNodeGroups(" in dump
        assert (home / "evidence" / "health-trigger.txt").read_text() == "OK"


def test_what_came_before_the_daemon_was_killed_is_adopted(tmp_path: Path, autoscaler: Starts) -> None:
    log = tmp_path / "ca.log"
    scaler = started(autoscaler, log)
    whole = {"process": {"pid": scaler.pid}, "collection_time": "10m", "collectors": ["pprof"]}
    with daemon(tmp_path, configured(scaler, log, **whole)) as cam:
        stalls(cam, scaler, "channel")
        until(lambda: profiled(cam), "a CPU profile came")
        cam.kill()
        cam.start()
        home = cam.stored(1)[0]
        manifest = assert_valid_report(home)
        assert manifest.capture.window.end is WindowEnd.DAEMON_KILLED
        assert [(part.name, part.outcome) for part in manifest.capture.parts] == [("pprof", Outcome.PARTIAL)]
        found = kinds(manifest)
        assert found["pprof-goroutines-000.txt"] == "goroutine_dump"
        assert found["pprof-cpu-000.pb.gz"] == "pprof_cpu"
        assert found["pprof.fetches.json"] == "fetches"


def profiled(cam: Daemon) -> bool:
    """Whether the index of a capture in progress tells of a CPU profile."""
    files = cam.spool.glob("incoming/*/report/evidence/pprof.fetches.json")
    indexes = [coding.decode(file.read_bytes(), Fetches) for file in files]
    return any(fetch.what == "cpu" for index in indexes for fetch in index.fetches)
