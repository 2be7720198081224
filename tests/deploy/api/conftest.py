"""The API server of the session, its namespaces, and the example chart with loopcam in each rung."""

import json
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.api.server import LEVELS, Api, served
from tests.prerequisites import require

CHART = Path(__file__).parents[3] / "deploy/examples/autoscaler"
CONFIG = {"targets": [{"name": "autoscaler", "process": {"match": "autoscaler"}, "max_loop_time": "2m"}]}
USERS = {"sameUser": {"runAsUser": 1000, "runAsGroup": 1000}}


@pytest.fixture(scope="session")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    require("kube-apiserver", "etcd", "openssl")
    with served(tmp_path_factory.mktemp("api")) as running:
        yield running


@pytest.fixture(scope="session")
def namespaces(api: Api) -> dict[str, str]:
    """One for each Pod Security level."""
    return {level: api.namespace(f"{level}-{uuid.uuid4().hex[:8]}", level) for level in LEVELS}


@pytest.fixture(scope="session")
def manifests(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, dict[str, Any]], str]:
    """The example's manifests with loopcam: from its own chart, or injected into what it is without."""
    require("helm")
    place = tmp_path_factory.mktemp("manifests")

    def made(way: str, values: dict[str, Any]) -> str:
        given = place / f"{uuid.uuid4().hex}.yaml"
        enabled = way == "chart"
        users = USERS.get(values["privilege"], {"runAsUser": None, "runAsGroup": None})
        values = {"target": "autoscaler", "config": CONFIG, **users, **values}
        given.write_text(json.dumps({"loopcam": {**values, "enabled": enabled}}))
        bare = _run(["helm", "template", "autoscaler", CHART, "-f", given], "")
        if way == "chart":
            return bare
        given.write_text(json.dumps(values))
        return _run(["loopcam", "inject", "--values", given], bare)

    return made


def _run(argv: list[Any], given: str) -> str:
    done = subprocess.run(argv, input=given, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def template(manifests: str) -> dict[str, Any]:
    """The pod template of the only Deployment."""
    documents = yaml.safe_load_all(manifests)
    found = next(one for one in documents if one and one["kind"] == "Deployment")
    return dict(found["spec"]["template"])
