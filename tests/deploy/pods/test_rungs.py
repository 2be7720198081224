"""Each rung of `privilege`, as the chart renders it: a stall in the target is a report in a bucket."""

from collections.abc import Callable, Mapping

import pytest

from tests.deploy.pods.bucket import ENVIRONMENT, Bucket
from tests.deploy.pods.kube import Pod, values

Play = Callable[[Mapping[str, object]], Pod]
LINES = {"start": "iteration starts", "end": "iteration done"}
SOURCES: dict[str, object] = {
    "beats": "heartbeat",
    "lines": {"log": {"path": "/shared/loop.log", **LINES}},
    "inside": {"log": {"path": "target:/tmp/loop.log", **LINES}},
}
RUNGS: dict[str, dict[str, object]] = {
    "sameUser": {"privilege": "sameUser", "runAsUser": 1000, "runAsGroup": 1000},
    "ptrace": {"privilege": "ptrace", "runAsUser": None, "runAsGroup": None},
    "fileCap": {"privilege": "fileCap", "runAsUser": None, "runAsGroup": None},
}


def watched(name: str, source: object, **options: object) -> dict[str, object]:
    """A target's configuration: the one program there is, told of by one source."""
    times = {"max_loop_time": "1s", "collection_time": "1s", "cooldown": "1h"}
    process = {"match": r"/app/autoscaler\.py"}
    return {"name": name, "process": process, "iterations": [source], **times, **options}


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
        assert manifest.capture.outcome == "complete", manifest.capture
        assert any("the_culprit" in str(stack) for stack in manifest.top_stacks)
        assert manifest.capture.labels["pod"] == one.name
