"""A Go program that dies within a slow iteration: the dashcam's dumps are all that is left of it."""

from collections.abc import Callable
from pathlib import Path

from model.capture import Outcome
from model.events import TriggerKind
from model.fetches import Fetch
from model.manifest import Manifest
from report import manifests
from report.evidence import reading
from report.evidence.reading import Evidence
from tests.autoscaler import Autoscaler
from tests.daemon import Daemon, daemon, until, whole_reports
from tests.e2e.test_go_target import configured, kinds, stalls, started

Starts = Callable[..., Autoscaler]
STUCK = "main.(*autoscaler).refreshNodeGroups"
METRICS = {"http": {"path": "/metrics", "when": "both"}, "name": "metrics"}


def dumps_in_ring(cam: Daemon) -> int:
    return len(list(cam.spool.glob("ring/ca/program-*/evidence/*-goroutines-*.txt")))


def dies_in_a_stall(cam: Daemon, scaler: Autoscaler) -> None:
    """It stalls, is looked at twice, and is killed long before its threshold."""
    stalls(cam, scaler, "mutex")
    until(lambda: dumps_in_ring(cam) >= 2, "two dumps")
    scaler.program.kill()


def evidence(cam: Daemon, manifest: Manifest) -> Evidence:
    (home,) = whole_reports(cam.reports)
    assert manifests.read_capture(home).id == manifest.capture.id
    return reading.read(home, manifest.capture)


def dumps(found: Evidence) -> list[Fetch]:
    return [fetch for index in found.fetches for fetch in index.fetches if fetch.what == "goroutine_dump"]


def tells_of_the_stall(cam: Daemon, manifest: Manifest) -> None:
    capture = manifest.capture
    assert (capture.trigger.kind, capture.outcome) == (TriggerKind.EXIT, Outcome.TARGET_EXITED)
    assert "in flight for" in capture.trigger.reason
    found = evidence(cam, manifest)
    assert found.faults == ()
    assert len(dumps(found)) >= 2
    assert all(fetch.ended_s <= capture.window.started_s for fetch in dumps(found))
    assert any(STUCK in frame.function for frame in found.table.frames)


def test_a_process_that_is_killed_in_a_stall_leaves_its_goroutines(
    tmp_path: Path, autoscaler: Starts
) -> None:
    log = tmp_path / "ca.log"
    scaler = started(autoscaler, log)
    whole = {"process": {"pid": scaler.pid}, "max_loop_time": "8s", "collectors": ["pprof", METRICS]}
    with daemon(tmp_path, configured(scaler, log, **whole)) as cam:
        dies_in_a_stall(cam, scaler)
        manifest = cam.report()
        tells_of_the_stall(cam, manifest)
        found = kinds(manifest)
    assert found["pprof-before-goroutines-000.txt"] == "goroutine_dump"
    assert found["pprof-before.fetches.json"] == "fetches"
    assert [kind for name, kind in found.items() if name.startswith("metrics-before-")] == ["http_response"]


def test_so_does_one_that_only_its_address_is_known_of(tmp_path: Path, autoscaler: Starts) -> None:
    log = tmp_path / "ca.log"
    scaler = started(autoscaler, log)
    with daemon(tmp_path, configured(scaler, log, max_loop_time="20s", collectors=["pprof"])) as cam:
        dies_in_a_stall(cam, scaler)
        manifest = cam.report()
        tells_of_the_stall(cam, manifest)
        assert "nobody answers at" in manifest.capture.trigger.reason


def test_a_source_that_ceases_to_hear_meanwhile_hides_nothing(tmp_path: Path, autoscaler: Starts) -> None:
    scaler = autoscaler("--scan-interval", "200ms")
    source = {"metrics": {"preset": "cluster-autoscaler", "interval": "500ms"}}
    entry = {"name": "ca", "address": scaler.address, "iterations": [source], "collectors": ["pprof"]}
    times = {"max_loop_time": "20s", "collection_time": "1s", "cooldown": "1h"}
    with daemon(tmp_path, {**entry, **times}) as cam:
        until(lambda: cam.source("ca", "metrics")["up"], "it hears")
        scaler.stall("mutex")
        until(lambda: dumps_in_ring(cam) >= 1, "a dump")
        scaler.program.kill()
        manifest = cam.report()
        assert manifest.capture.outcome is Outcome.TARGET_EXITED
        assert "nobody answers at" in manifest.capture.trigger.reason
        assert dumps(evidence(cam, manifest))


def test_an_overrun_has_the_dumps_of_before_and_those_of_the_window(
    tmp_path: Path, autoscaler: Starts
) -> None:
    log = tmp_path / "ca.log"
    scaler = started(autoscaler, log)
    with daemon(tmp_path, configured(scaler, log, max_loop_time="4s", collectors=["pprof", METRICS])) as cam:
        stalls(cam, scaler, "mutex")
        manifest = cam.report()
        scaler.go()
        found = evidence(cam, manifest)
    started_s = manifest.capture.window.started_s
    sides = {fetch.ended_s <= started_s for fetch in dumps(found)}
    assert sides == {True, False}
    (moved,) = found.metrics
    assert moved.from_us < started_s * 1e6 < moved.until_us


def test_of_too_many_goroutines_there_is_no_dump(tmp_path: Path, autoscaler: Starts) -> None:
    log = tmp_path / "ca.log"
    scaler = autoscaler("--scan-interval", "50ms", "--log", str(log), "--blocked", "200")
    few = [{"pprof": {"most_goroutines": 100}}, METRICS]
    with daemon(tmp_path, configured(scaler, log, max_loop_time="8s", collectors=few)) as cam:
        stalls(cam, scaler, "mutex")
        until(lambda: list(cam.spool.glob("ring/ca/program-*/evidence/metrics-before-*")), "its metrics")
        assert dumps_in_ring(cam) == 0
        scaler.go()


def test_a_healthy_loop_is_asked_for_nothing(tmp_path: Path, autoscaler: Starts) -> None:
    log = tmp_path / "ca.log"
    scaler = started(autoscaler, log)
    with daemon(tmp_path, configured(scaler, log, max_loop_time="20s", collectors=["pprof"])) as cam:
        until(lambda: cam.metric("loopcam_iterations_total") > 5, "some iterations")
        assert dumps_in_ring(cam) == 0
