"""Each rung of `privilege`, as the chart renders it: a stall in the target is a report in a bucket."""

import pytest

from tests.daemon import until
from tests.deploy.pods.bucket import ENVIRONMENT, Bucket
from tests.deploy.pods.kube import CAPABLE, LINES, SAME_USER, Play, values, watched

SOURCES: dict[str, object] = {
    "beats": "heartbeat",
    "lines": {"log": {"path": "/shared/loop.log", **LINES}},
    "inside": {"log": {"path": "target:/tmp/loop.log", **LINES}},
}
RUNGS = {
    "sameUser": SAME_USER,
    "ptrace": CAPABLE,
    "fileCap": {"privilege": "fileCap", "runAsUser": None, "runAsGroup": None},
}


@pytest.mark.threat("rungs")
@pytest.mark.parametrize("rung", RUNGS)
def test_a_stall_gives_a_report_in_a_bucket_by_every_source(rung: str, pod: Play, bucket: Bucket) -> None:
    # the capability of a file is the sampler's alone: loopcam itself may not enter the target's root
    sources = [name for name in SOURCES if (rung, name) != ("fileCap", "inside")]
    targets = [watched(name, SOURCES[name]) for name in sources]
    config = {"targets": targets, "sinks": [bucket.sink], "captures_at_once": 3}
    one = pod(values(config, env=ENVIRONMENT, **RUNGS[rung])).watches()
    one.hears(*sources)
    one.stall()
    for name in sources:
        manifest = bucket.of(name)
        assert any("the_culprit" in str(stack) for stack in manifest.top_stacks)
        assert manifest.capture.labels["pod"] == one.name


def test_without_any_privilege_a_stall_is_reported_by_log_and_address(pod: Play, bucket: Bucket) -> None:
    source = {"log": {"path": "/shared/loop.log", **LINES}}
    collectors = [{"http": {"path": "/"}}, "loglines"]
    target = watched("lines", source, process={}, address="127.0.0.1:8080", collectors=collectors)
    config = {"targets": [target], "sinks": [bucket.sink]}
    one = pod(
        values(config, env=ENVIRONMENT, target={"PORT": "8080"}, privilege="none", runAsUser=10001)
    ).watches()
    one.hears("lines")
    assert "autoscaler.py" not in one.execute("sh", "-c", "cat /proc/[0-9]*/cmdline")
    one.stall()
    evidence = [artifact.path for artifact in bucket.of("lines").capture.evidence]
    assert any(path.startswith("evidence/http") for path in evidence), evidence


def test_a_standby_replica_is_not_captured(pod: Play, bucket: Bucket) -> None:
    config = {"targets": [watched()], "sinks": [bucket.sink]}
    standby = pod(values(config, env=ENVIRONMENT, target={"STANDBY": "1"}, **SAME_USER)).watches()
    leader = pod(values(config, env=ENVIRONMENT, **SAME_USER)).watches()
    leader.hears("beats")
    leader.stall()
    assert bucket.of("beats").capture.labels["pod"] == leader.name
    assert standby.metric("loopcam_capture_possible", target="beats") == 1
    assert standby.metric("loopcam_triggers_total") == standby.metric("loopcam_overrunning") == 0
    assert len(bucket.reports()) == 1
    assert standby.answers()


def test_a_change_of_rung_on_one_volume_loses_no_report(pod: Play, bucket: Bucket) -> None:
    nowhere = {"s3": {**bucket.sink["s3"], "endpoint_url": "http://127.0.0.1:9"}}
    first = pod(values({"targets": [watched()], "sinks": [nowhere]}, env=ENVIRONMENT, **SAME_USER)).watches()
    first.hears("beats")
    first.stall()
    spools = first.volumes / "loopcam-state"
    until(lambda: list(spools.glob("spool/reports/*/report/manifest.json")), "a report waits in the spool")
    first.remove()

    config = {"targets": [watched()], "sinks": [bucket.sink]}
    second = pod(values(config, env=ENVIRONMENT, **CAPABLE), spools).watches()
    assert "another user's" in second.logs()
    second.hears("beats")
    second.stall()
    assert bucket.of("beats").capture.labels["pod"] == second.name
    second.remove()

    pod(values(config, env=ENVIRONMENT, **SAME_USER), spools).watches()
    until(lambda: len(bucket.reports()) == 2, "what the first user's spool held is in the bucket", 90)
