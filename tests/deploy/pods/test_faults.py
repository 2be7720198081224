"""What goes wrong in a pod: the target lives on, and no report is lost."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon import until
from tests.deploy.pods.bucket import ENVIRONMENT, Bucket
from tests.deploy.pods.kube import SAME_USER, Play, values, watched
from tests.prerequisites import require

LONG_S = 90.0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A volume with little room."""
    require("tmpfs")
    place = tmp_path / "small"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=10m,mode=777", "tmpfs", place], check=True)
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def test_a_killed_sidecar_adopts_and_a_restarted_target_is_followed(pod: Play, bucket: Bucket) -> None:
    patient = watched(collection_time="5s", cooldown="5s", captures_per_hour=100, captures_per_signature=100)
    config = {"targets": [patient], "sinks": [bucket.sink]}
    one = pod(values(config, env=ENVIRONMENT, **SAME_USER)).watches()
    one.hears("beats")
    one.stall()
    until(one.capturing, "a capture has evidence")
    one.kill()
    adopted = bucket.of("beats")
    assert adopted.capture.outcome == "partial"
    assert "adopted" in adopted.capture.notes
    assert one.restarts("autoscaler") == 0

    one.kill("autoscaler")
    one.go_on()
    until(lambda: one.restarts("autoscaler"), "the target is started again", LONG_S)
    one.watches().hears("beats")
    one.stall()
    until(one.capturing, "the new process is captured", LONG_S)
    one.go_on()
    until(lambda: len(bucket.reports()) >= 2, "its report is in the bucket", LONG_S)


def test_when_the_pod_is_deleted_a_hung_targets_capture_is_delivered(pod: Play, bucket: Bucket) -> None:
    patient = watched(collection_time="60s")
    config = {"targets": [patient], "sinks": [bucket.sink]}
    one = pod(values(config, env=ENVIRONMENT, target={"HANG": "1"}, **SAME_USER)).watches()
    one.hears("beats")
    one.stall()
    until(one.capturing, "a capture has evidence")
    one.terminate()
    assert bucket.of("beats").capture.window.end == "shutdown"
    assert one.runs("autoscaler")


def test_a_capture_passes_at_the_measured_limit_of_memory(pod: Play, bucket: Bucket) -> None:
    config = {"targets": [watched(collection_time="4s")], "sinks": [bucket.sink]}
    limits = {"resources": {"limits": {"memory": "128Mi"}}}
    one = pod(values(config, env=ENVIRONMENT, target={"THREADS": "50"}, **limits, **SAME_USER)).watches()
    one.hears("beats")
    one.stall()
    assert bucket.of("beats").top_stacks
    assert one.restarts() == 0


def test_far_below_it_loopcam_is_killed_and_the_target_lives(pod: Play, bucket: Bucket) -> None:
    config = {"targets": [watched(collection_time="4s")], "sinks": [bucket.sink]}
    limits = {"resources": {"limits": {"memory": "40Mi"}}}
    one = pod(values(config, env=ENVIRONMENT, **limits, **SAME_USER)).watches()
    one.hears("beats")
    one.stall()
    until(lambda: one.restarts() or not one.runs(), "loopcam is killed", LONG_S)
    assert one.runs("autoscaler")
    assert one.restarts("autoscaler") == 0


def test_while_the_volume_is_full_there_is_no_capture_and_afterwards_there_is(
    pod: Play, bucket: Bucket, small_disk: Path
) -> None:
    config = {"targets": [watched()], "sinks": [bucket.sink]}
    one = pod(values(config, env=ENVIRONMENT, **SAME_USER), small_disk).watches()
    one.hears("beats")
    (small_disk / "filling").write_bytes(bytes(4 * 2**20))
    one.stall()
    refused = "loopcam_refusals_total"
    until(lambda: one.metric(refused, target="beats", reason="spool_full"), "the capture is refused")
    assert one.answers()
    (small_disk / "filling").unlink()
    bucket.of("beats")  # a long stall is looked at again
