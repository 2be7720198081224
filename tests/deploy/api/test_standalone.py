"""The standalone chart, installed and changed by the real helm on the real server."""

import os
import subprocess
import uuid
from pathlib import Path
from typing import Any

import yaml

from tests.deploy.api.server import Api
from tests.deploy.charts.helm import STANDALONE, Values
from tests.deploy.charts.matrix import STANDALONES, alone
from tests.prerequisites import require

_TEST = "templates/tests/capture-possible.yaml"


def helm(api: Api, *arguments: str | Path, values: Values) -> str:
    require("helm")
    argv = ["helm", *map(str, arguments), "--values", "-"]
    env = {**os.environ, "KUBECONFIG": str(api.kubeconfig)}
    text = yaml.safe_dump(values)
    done = subprocess.run(argv, input=text, env=env, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def deployment(api: Api, namespace: str, name: str) -> dict[str, Any]:
    return api.get(f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}")


def test_the_standalone_chart_is_installed_and_its_pods_are_admitted(
    api: Api, namespaces: dict[str, str]
) -> None:
    place, release = namespaces["restricted"], f"cam-{uuid.uuid4().hex[:6]}"
    values = STANDALONES["all objects"] | {"podMonitor": {"enabled": False}}  # whose kind an operator brings
    said = helm(api, "install", release, STANDALONE, "-n", place, values=values)
    assert f"helm test {release} -n {place}" in said
    pod = api.admitted(place, deployment(api, place, f"{release}-loopcam")["spec"]["template"])
    assert [one for one in pod["spec"]["volumes"] if "projected" in one] == []  # no API token
    asking = yaml.safe_load(helm(api, "template", release, STANDALONE, "-s", _TEST, values=values))
    assert api.admitted(place, asking)


def test_a_change_of_its_configuration_rolls_nothing_out(api: Api, namespaces: dict[str, str]) -> None:
    place, release = (
        namespaces["restricted"],
        f"loopcam-{uuid.uuid4().hex[:6]}",
    )  # whose names are the release's
    changed = alone() | {"config": {**alone()["config"], "shutdown_grace": "9s"}}
    helm(api, "install", release, STANDALONE, "-n", place, values=alone())
    helm(api, "upgrade", release, STANDALONE, "-n", place, values=changed)
    config_map = api.get(f"/api/v1/namespaces/{place}/configmaps/{release}")
    assert "shutdown_grace: 9s" in config_map["data"]["loopcam.yaml"]
    assert deployment(api, place, release)["metadata"]["generation"] == 1
