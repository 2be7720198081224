"""A chart without loopcam, and `loopcam inject` over what Helm makes of it: a stall is reported."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.pods import kube
from tests.deploy.pods.bucket import ENVIRONMENT, Bucket
from tests.deploy.pods.engine import Podman
from tests.deploy.pods.kube import EXAMPLE, Pod, values, watched

RUNGS: dict[str, dict[str, object]] = {"sameUser": {}, "ptrace": {"privilege": "ptrace"}}


@pytest.fixture
def empty(podman: Podman, network: str, image: str, target_image: str, tmp_path: Path) -> Iterator[Pod]:
    """A pod that is yet to be played."""
    name = kube.fresh_name()
    volumes = tmp_path / name
    volumes.mkdir()
    tmp_path.chmod(0o755)
    one = Pod(podman, network, name, volumes)
    try:
        yield one
    finally:
        print(one.logs(), one.logs("autoscaler"), sep="\n")  # shown when the test fails
        one.remove()


@pytest.mark.parametrize("rung", RUNGS)
def test_a_stall_beside_an_injected_container_is_reported(
    rung: str, empty: Pod, bucket: Bucket, tmp_path: Path
) -> None:
    """User, group and the socket for heartbeats are what `inject` found, or put into the target."""
    config = {"targets": [watched()], "sinks": [bucket.sink]}
    given = values(config, env=ENVIRONMENT)
    given["env"] = [one for one in given["env"] if one["name"] != "LOOPCAM_SOCKET"]
    one = empty.play(_injected({**given.pop("loopcam"), **RUNGS[rung]}, given, empty.name, tmp_path))
    one.watches().hears("beats")
    one.stall()
    manifest = bucket.of("beats")
    assert any("the_culprit" in str(stack) for stack in manifest.top_stacks)
    assert manifest.capture.labels["container"] == "autoscaler"


def _injected(loopcam: dict[str, Any], chart: dict[str, Any], name: str, place: Path) -> list[dict[str, Any]]:
    ours, theirs = place / "loopcam.json", place / "chart.json"
    ours.write_text(json.dumps(loopcam))
    theirs.write_text(json.dumps({**chart, "loopcam": {"enabled": False}}))
    bare = _run(["helm", "template", name, str(EXAMPLE), "--values", str(theirs)], "")
    made = _run(["loopcam", "inject", "--target=autoscaler", f"--values={ours}"], bare)
    return [document for document in yaml.safe_load_all(made) if document]


def _run(argv: list[str], given: str) -> str:
    done = subprocess.run(argv, input=given, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
