"""`loopcam doctor` and a drill in pods as charts render them: what it says is what then happens."""

import json
from collections.abc import Mapping

import pytest

from tests.daemon import Json, until
from tests.deploy.pods.bucket import ENVIRONMENT, Bucket
from tests.deploy.pods.kube import Pod, values
from tests.deploy.pods.test_rungs import RUNGS, SOURCES, Play, watched

FILE = {"file": {"path": "/var/lib/loopcam/reports", "max_bytes": "20MB"}}
CONFIG = "/etc/loopcam/loopcam.yaml"


def values_of(bucket: Bucket, **loopcam: object) -> Mapping[str, object]:
    targets = [watched("autoscaler", SOURCES["beats"])]
    config = {"targets": targets, "sinks": [bucket.sink, FILE], "spool": {"max_bytes": "20MB"}}
    return values(config, env=ENVIRONMENT, **loopcam)


def doctor(pod: Pod) -> Json:
    done = pod.podman.run("exec", pod.container(), "loopcam", "doctor", "--config", CONFIG, "--json")
    return {"code": done.returncode, **json.loads(done.stdout)}


@pytest.mark.threat("rungs")
@pytest.mark.parametrize("rung", ["sameUser", "fileCap"])
def test_a_pod_that_is_ready_and_a_drill_to_its_bucket(rung: str, pod: Play, bucket: Bucket) -> None:
    one = pod(values_of(bucket, **RUNGS[rung])).watches()
    said = doctor(one)
    assert said["headline"] == "READY: autoscaler, py-spy, 2 sinks", said
    assert (said["code"], said["works"], said["place"]) == (0, True, "kubernetes")
    found = {one["check"]: one for one in said["findings"] if one["level"] in ("ok", "note")}
    assert found["credentials"]["what"] == "from AWS_ACCESS_KEY_ID of the environment"
    assert "mode 2" in found["seccomp"]["what"]
    assert "a memory limit of" in found["memory"]["what"]
    drill = one.execute("loopcam", "collect", "--drill")
    assert "drill passed: autoscaler" in drill
    assert "by s3 after" in drill
    assert bucket.of("autoscaler").capture.notes == ("drill",)


def test_another_group_than_the_targets_is_told_with_the_line_that_mends_it(
    pod: Play, bucket: Bucket
) -> None:
    one = pod(values_of(bucket, privilege="sameUser", runAsUser=1000, runAsGroup=2000)).watches()
    said = doctor(one)
    assert said["headline"] == (
        "NOT READY: autoscaler: it runs in group 1000, loopcam in 2000, "
        "add securityContext: {runAsUser: 1000, runAsGroup: 1000}"
    )
    judged = 'loopcam_capture_possible{reason="not_permitted",target="autoscaler"} 0.0'
    until(lambda: judged in one.ask("/metrics"), "so the daemon")
    drill = one.podman.run("exec", one.container(), "loopcam", "collect", "--drill")
    assert drill.returncode == 1
    assert b"FAILED    not_permitted: may not read the process" in drill.stdout
    assert one.answers()  # a restart would not mend it


def test_without_a_shared_pid_namespace_the_field_is_named(pod: Play, bucket: Bucket) -> None:
    one = pod(values_of(bucket, privilege="none", runAsUser=1000, runAsGroup=1000)).watches()
    said = doctor(one)
    assert said["headline"] == (
        "NOT READY: autoscaler: its process is not there, add spec: {shareProcessNamespace: true}"
    )
    namespace = next(one for one in said["findings"] if one["check"] == "pid_namespace")
    assert (namespace["level"], "shareProcessNamespace" in namespace["why"]) == ("warning", True)
