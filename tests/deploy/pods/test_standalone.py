"""The standalone chart, played: a Go program is watched by its address, and its stall is a report."""

import json
from collections.abc import Callable
from pathlib import Path

from tests.autoscaler import Autoscaler
from tests.deploy.charts.helm import STANDALONE, manifests, one
from tests.deploy.pods import kube
from tests.deploy.pods.bucket import ENVIRONMENT, Bucket
from tests.deploy.pods.engine import Podman


def gateway(podman: Podman, network: str) -> str:
    """The host's own address in the pods' network."""
    (found,) = json.loads(podman("network", "inspect", network))
    return str(found["subnets"][0]["gateway"])


def test_a_stall_of_a_go_program_gives_a_report_in_a_bucket(
    podman: Podman,
    network: str,
    image: str,
    bucket: Bucket,
    autoscaler: Callable[..., Autoscaler],
    tmp_path: Path,
) -> None:
    scaler = autoscaler("--address", f"{gateway(podman, network)}:0")
    metrics = {"preset": "cluster-autoscaler", "interval": "500ms", "idle_allowance": "5s"}
    times = {"max_loop_time": "2s", "first_loop_time": "2s", "collection_time": "1s", "cooldown": "1h"}
    target = {"name": "scaler", "address": scaler.address, "iterations": [{"metrics": metrics}], **times}
    registry, _, tag = image.rpartition(":")
    values = {
        "image": {"repository": registry, "tag": tag, "pullPolicy": "Never"},
        "config": {"targets": [target], "sinks": [bucket.sink]},
        "env": [{"name": name, "value": value} for name, value in ENVIRONMENT.items()],
    }
    tmp_path.chmod(0o755)
    volumes = tmp_path / "volumes"
    volumes.mkdir()
    pod = kube.Pod(podman, network, kube.fresh_name(), volumes)
    try:
        rendered = manifests(STANDALONE, values)
        pod.play(rendered).watches()
        (asking,) = one(rendered, "Pod")["spec"]["containers"]  # what `helm test` runs, in our own image
        script, url, wait_s = asking["args"]
        there = url.replace("demo-loopcam.default.svc", "127.0.0.1")
        assert "possible: " in pod.execute(*asking["command"], script, there, wait_s)
        pod.hears("scaler")
        scaler.stall("mutex")
        manifest = bucket.of("scaler")
        assert manifest.capture.outcome == "complete", manifest.capture
        assert manifest.capture.address == scaler.address
        assert manifest.top_stacks[0].function == "main.(*autoscaler).refreshNodeGroups"
        assert manifest.capture.labels["pod"] == pod.name
        scaler.go()
        assert "s3" in pod.execute("loopcam", "collect", "--drill")  # as the notes say
    finally:
        print(pod.logs())  # shown when the test fails
        pod.remove()
