"""The dashcam, from a real target's slow iteration to what a report has of the time before its trigger."""

import os
import signal
import time
from pathlib import Path

import pytest

from model.events import TriggerKind
from model.manifest import Manifest
from tests.beats import overruns_unseen, sockets
from tests.daemon import Daemon, daemon, looping, target, until
from tests.reports import assert_valid_report

SLOW: dict[str, object] = {"max_loop_time": "2s", "dashcam": "adaptive"}
HEALTHY: dict[str, object] = {"max_loop_time": "1h", "dashcam": "adaptive"}


def possible(cam: Daemon, name: str = "one") -> None:
    until(lambda: cam.target(name)["capture_possible"], "it can be captured")


def grows_old(cam: Daemon, age_s: float) -> None:
    """Wait until the iteration in flight is that old, and the ring has something."""
    until(lambda: cam.target("one")["in_flight"]["age_s"] > age_s and held(cam) > 0, f"it is {age_s:g} s old")


def held(cam: Daemon) -> float:
    return float(cam.target("one")["dashcam"]["held_s"])


def before(manifest: Manifest) -> list[str]:
    """What was recorded before the window began."""
    recording, window = manifest.capture.recording, manifest.capture.window
    assert recording is not None
    segments = [one.path for one in recording.segments if one.ended_s <= window.started_s + 0.1]
    return segments + [one.path for one in recording.dumps if one.at_s < window.started_s]


def culprits(manifest: Manifest) -> set[str]:
    return {frame.partition(" ")[0] for top in manifest.top_stacks for frame in top.frames}


def test_a_report_has_the_time_before_its_trigger(tmp_path: Path) -> None:
    with looping() as child, daemon(tmp_path, target("one", child.pid, **SLOW)) as cam:
        possible(cam)
        cam.beat("start", "one", 1)
        (home,) = cam.stored(1)
        manifest = assert_valid_report(home)
        capture = manifest.capture
        assert capture.trigger.kind is TriggerKind.OVERRUN
        assert capture.recording is not None
        first_s = min(one.started_s for one in capture.recording.segments)
        assert capture.trigger.started_s is not None
        age_s = first_s - capture.trigger.started_s
        assert 0 < age_s < 2  # before it overran
        assert "the_culprit" in (home / "leadup.collapsed").read_text()
        assert "the_culprit" in (home / "profile.collapsed").read_text()
        assert len({one.path for one in capture.evidence}) == len(capture.evidence)


def test_an_overrun_that_is_over_before_it_is_seen_is_told_by_the_ring(tmp_path: Path) -> None:
    one = {"max_loop_time": "2s", "dashcam": "adaptive"}
    with looping() as child, daemon(tmp_path, target("one", child.pid, **one), unix=sockets(tmp_path)) as cam:
        possible(cam)
        overruns_unseen(cam, "one", 17, 2.0)
        manifest = cam.report()
        capture = manifest.capture
        assert capture.trigger.kind is TriggerKind.OVERRUN
        assert "it had ended before it was seen" in capture.trigger.reason
        assert capture.notes == ("overran_unseen",)
        assert capture.outcome == "ended_before_attach"
        assert capture.iteration is not None
        assert capture.iteration.id == "17"
        assert capture.iteration.ended_s is not None
        assert capture.iteration.started_s + 2 < capture.iteration.ended_s <= capture.window.started_s
        assert manifest.rendering.from_leadup
        assert "the_culprit" in culprits(manifest)
        assert manifest.verdict is not None
        assert cam.metric("loopcam_overruns_total", target="one") == 1
        assert cam.metric("loopcam_capture_notes_total", target="one", note="overran_unseen") == 1


def test_an_iteration_that_ended_well_ends_the_sampling_and_brings_no_report(tmp_path: Path) -> None:
    with (
        looping() as child,
        daemon(tmp_path, target("one", child.pid, **(SLOW | {"max_loop_time": "4s"}))) as cam,
    ):
        possible(cam)
        cam.beat("start", "one", 1)
        grows_old(cam, 1.2)  # longer than what is sampled of healthy ones in a row
        assert cam.target("one")["dashcam"]["sampling"]
        cam.beat("end", "one", 1)
        until(lambda: not cam.target("one")["dashcam"]["sampling"], "the sampling ends")
        assert held(cam) > 0
        assert cam.metric("loopcam_dashcam_cpu_seconds_total", target="one") > 0
        assert cam.metric("loopcam_captures_total", target="one") == 0


def test_continuous_samples_all_the_time_within_its_bounds(tmp_path: Path) -> None:
    options = {"mode": "continuous", "keep": "5s", "max_bytes": "1MiB"}
    with (
        looping() as child,
        daemon(tmp_path, target("one", child.pid, max_loop_time="1h", dashcam=options)) as cam,
    ):
        until(lambda: held(cam) > 1, "the ring fills without any iteration")
        told = cam.target("one")["dashcam"]
        assert told["mode"] == "continuous"
        assert told["sampler"] in ("pyspy", "austin")
        assert cam.metric("loopcam_dashcam_sampling", target="one") == 1
        assert cam.metric("loopcam_dashcam_held_bytes", target="one") <= 2**20
        cam.ask("POST", "/v1/collect")
        assert before(cam.report())


@pytest.mark.parametrize("how", ["off", "disabled", "other"])
def test_nothing_is_attached_where_it_must_not(tmp_path: Path, how: str) -> None:
    switch = tmp_path / "disable"
    if how == "disabled":
        switch.touch()
    mode = "off" if how == "off" else "continuous"
    collectors = [{"loglines": {}}] if how == "other" else ["pyspy"]
    one = target("one", max_loop_time="1h", dashcam=mode, collectors=collectors)
    with looping() as child:
        one |= {"process": {"pid": child.pid}}
        with daemon(tmp_path, one, capture_disabled_file=str(switch)) as cam:
            cam.finds("one")
            cam.beat("start", "one", 1)
            until(lambda: cam.target("one")["dashcam"]["why_not"], "it says why not")
            assert not cam.target("one")["dashcam"]["sampling"]
            assert not list(cam.spool.glob("ring/*/*"))


def test_the_switch_ends_the_sampling_and_its_removal_begins_it_again(tmp_path: Path) -> None:
    switch = tmp_path / "disable"
    one = {"max_loop_time": "1h", "dashcam": "continuous"}
    with (
        looping() as child,
        daemon(tmp_path, target("one", child.pid, **one), capture_disabled_file=str(switch)) as cam,
    ):
        until(lambda: cam.target("one")["dashcam"]["sampling"], "it samples")
        switch.touch()
        until(lambda: not cam.target("one")["dashcam"]["sampling"] and not cam.children(), "it ends")
        assert str(switch) in cam.target("one")["dashcam"]["why_not"]
        switch.unlink()
        until(lambda: cam.target("one")["dashcam"]["sampling"], "it samples again")
        cam.configure(targets=[target("one", child.pid, max_loop_time="1h", dashcam="off")])
        cam.process.send_signal(signal.SIGHUP)
        until(lambda: not cam.target("one")["dashcam"]["sampling"] and not cam.children(), "it is off")


def test_a_process_that_dies_in_a_slow_iteration_leaves_its_stacks(tmp_path: Path) -> None:
    slow = SLOW | {"max_loop_time": "12s"}
    with looping() as child, daemon(tmp_path, target("one", child.pid, **slow)) as cam:
        possible(cam)
        cam.beat("start", "one", 17)
        grows_old(cam, 3.2)  # a quarter of it
        child.kill()  # as a liveness probe does
        manifest = cam.report()
        assert manifest.capture.trigger.kind is TriggerKind.EXIT
        assert manifest.capture.outcome == "target_exited"
        assert "iteration 17" in manifest.capture.trigger.reason
        assert manifest.rendering.from_leadup
        assert "the_culprit" in culprits(manifest)


@pytest.mark.parametrize(("number", "reports"), [(signal.SIGTERM, 0), (signal.SIGSEGV, 1)])
def test_of_healthy_iterations_only_a_crash_is_a_reason(tmp_path: Path, number: int, reports: int) -> None:
    with looping() as child, daemon(tmp_path, target("one", child.pid, **HEALTHY)) as cam:
        possible(cam)
        cam.beat("start", "one", 1)
        child.send_signal(number)
        until(lambda: cam.target("one")["state"] == "gone", "it is gone")
        if reports:
            assert cam.report().capture.outcome == "target_exited"
        else:
            gone_s = time.monotonic()
            until(lambda: time.monotonic() - gone_s > 1, "its end was judged")
            assert cam.metric("loopcam_triggers_total", kind="exit") == 0


def test_the_ring_of_a_process_goes_into_no_report_of_the_next(tmp_path: Path) -> None:
    one = {"max_loop_time": "1h", "dashcam": "continuous"}
    pidfile = tmp_path / "pid"
    with looping() as first, looping() as second:
        pidfile.write_text(str(first.pid))
        with daemon(tmp_path, {**target("one", **one), "process": {"pidfile": str(pidfile)}}) as cam:
            until(lambda: held(cam) > 1, "the ring fills")
            pidfile.write_text(str(second.pid))
            os.kill(first.pid, signal.SIGTERM)
            until(lambda: cam.target("one")["pid"] == second.pid, "the next is found")
            possible(cam)
            cam.ask("POST", "/v1/collect")
            manifest = cam.report()
            assert manifest.capture.pid == second.pid
            for path in before(manifest):
                data = (cam.stored(1)[0] / path).read_bytes()
                assert str(first.pid).encode() not in data
