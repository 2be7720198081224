"""The dashcam under faults: a killed daemon, a killed sampler, a full disk, a stopped target."""

import os
import signal
from pathlib import Path

import pytest

from tests.daemon import Daemon, daemon, target, until
from tests.faults.test_disk_full import disk, fill, on

__all__ = ["disk"]  # a fixture
ALWAYS: dict[str, object] = {"max_loop_time": "1h", "dashcam": "continuous"}


def samplers(cam: Daemon) -> list[int]:
    return [pid for pid, line in cam.children().items() if " record " in line or "--exposure" in line]


def rings(cam: Daemon) -> set[Path]:
    return set(cam.spool.glob("ring/*/*"))


def dashcam(cam: Daemon) -> dict[str, object]:
    told: dict[str, object] = cam.target("one")["dashcam"]
    return told


@pytest.mark.fault("T3")
def test_a_killed_daemon_leaves_no_sampler_and_its_ring_is_removed(tmp_path: Path, stuck: int) -> None:
    with daemon(tmp_path, target("one", stuck, **ALWAYS)) as cam:
        until(lambda: samplers(cam), "a sampler runs")
        old = rings(cam)
        assert old
        cam.kill()
        until(lambda: not samplers(cam), "the sampler is gone", 5)
        cam.start()
        until(lambda: rings(cam) and not rings(cam) & old, "the old ring is gone, and there is a new one")
        assert cam.metric("loopcam_captures_total") == 0
        assert cam.stop() == 0
        assert not rings(cam)


def test_a_daemon_that_is_killed_in_a_capture_keeps_the_lead_up(tmp_path: Path, stuck: int) -> None:
    slow = target("one", stuck, max_loop_time="2s", collection_time="1m", dashcam="adaptive")
    with daemon(tmp_path, slow) as cam:
        until(lambda: cam.target("one")["capture_possible"], "it can be captured")
        cam.beat("start", "one", 1)
        until(cam.recorded_a_while, "it captures")
        cam.kill()
        cam.start()
        capture = cam.report().capture
        assert capture.notes == ("adopted",)
        assert capture.iteration is not None  # the lead-up is of it
        assert (capture.iteration.id, capture.iteration.ended_s) == ("1", None)
        assert capture.iteration.started_s == capture.trigger.started_s
        assert capture.recording is not None
        begun_s = capture.window.started_s
        assert [one for one in capture.recording.segments if one.ended_s < begun_s + 0.5]
        assert [one for one in capture.recording.segments if one.started_s > begun_s]


def test_a_killed_sampler_is_started_again_a_little_later(tmp_path: Path, stuck: int) -> None:
    with daemon(tmp_path, target("one", stuck, **ALWAYS)) as cam:
        (first,) = until(lambda: samplers(cam), "a sampler runs")
        os.kill(first, signal.SIGKILL)
        until(lambda: cam.metric("loopcam_dashcam_restarts_total", target="one") == 1, "that is counted")
        until(lambda: [pid for pid in samplers(cam) if pid != first], "another one runs")
        assert len(samplers(cam)) == 1


@pytest.mark.fault("S3")
def test_a_full_disk_ends_the_sampling_until_space_returns(tmp_path: Path, stuck: int, disk: Path) -> None:
    with daemon(tmp_path, target("one", stuck, **ALWAYS), **on(disk)) as cam:
        until(lambda: dashcam(cam)["sampling"], "it samples")
        ballast = fill(disk)
        until(lambda: not dashcam(cam)["sampling"], "it does not")
        assert cam.get("/healthz") == {"ok": True}
        ballast.unlink()
        until(lambda: dashcam(cam)["sampling"], "it samples again")


def test_a_stopped_target_is_left_alone(tmp_path: Path, stuck: int) -> None:
    with daemon(tmp_path, target("one", stuck, **ALWAYS)) as cam:
        until(lambda: samplers(cam), "a sampler runs")
        os.kill(stuck, signal.SIGSTOP)
        try:
            until(lambda: "stopped" in str(dashcam(cam)["why_not"]), "it is not sampled")
        finally:
            os.kill(stuck, signal.SIGCONT)
        until(lambda: dashcam(cam)["sampling"], "it samples again")
