"""Helm against a real API server: installed, changed, gone again; our charts, and inject over another."""

import json
import os
import subprocess
import uuid
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.api.conftest import CHART, CONFIG
from tests.deploy.api.server import Api, RefusedError
from tests.prerequisites import require

ROOT = Path(__file__).parents[3]
SCRIPT = ROOT / "deploy/helm/loopcam-post-renderer"
PLUGIN = ROOT / "deploy/helm/loopcam"


class Helm:
    """Helm 3 or 4 as the administrator of the server, in a home of its own."""

    def __init__(self, program: str, api: Api, place: Path) -> None:
        self.program = program
        homes = {f"HELM_{name}_HOME": str(place / name.lower()) for name in ("DATA", "CACHE", "CONFIG")}
        self._environ = {**os.environ, **homes, "KUBECONFIG": str(api.kubeconfig)}

    def __call__(self, *argv: object) -> None:
        words = [self.program, *map(str, argv)]
        done = subprocess.run(
            words, capture_output=True, text=True, timeout=180, env=self._environ, check=False
        )
        assert done.returncode == 0, done.stderr


@pytest.fixture
def release() -> str:
    return f"r{uuid.uuid4().hex[:8]}"


@pytest.fixture(params=["helm", "helm4"])
def helm(request: pytest.FixtureRequest, api: Api, tmp_path: Path) -> Helm:
    require(request.param)
    return Helm(request.param, api, tmp_path)


def _deployment(api: Api, namespace: str, name: str) -> dict[str, Any]:
    return api.get(f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}")


def _names(deployment: dict[str, Any]) -> list[str]:
    return [one["name"] for one in deployment["spec"]["template"]["spec"]["containers"]]


def test_a_change_of_the_configuration_restarts_nothing(
    api: Api, namespaces: dict[str, str], helm: Helm, release: str
) -> None:
    space = namespaces["restricted"]
    helm("install", release, CHART, "-n", space)
    before = _deployment(api, space, release)
    assert _names(before) == ["autoscaler", "loopcam"]
    helm("upgrade", release, CHART, "-n", space, "--set", "loopcam.config.captures_at_once=2")
    config_map = api.get(f"/api/v1/namespaces/{space}/configmaps/{release}-loopcam")
    assert "captures_at_once: 2" in config_map["data"]["loopcam.yaml"]
    assert _deployment(api, space, release)["metadata"]["generation"] == before["metadata"]["generation"]
    helm("uninstall", release, "-n", space)
    with pytest.raises(RefusedError, match="not found"):
        _deployment(api, space, release)


def test_injected_on_the_way_and_taken_out_by_the_next_upgrade(
    api: Api, namespaces: dict[str, str], helm: Helm, release: str, tmp_path: Path
) -> None:
    space, config = namespaces["baseline"], tmp_path / "loopcam.yaml"
    config.write_text(json.dumps(CONFIG))
    renderer = [SCRIPT]
    if helm.program == "helm4":
        helm("plugin", "install", PLUGIN)
        renderer = ["loopcam"]
    bare = [release, CHART, "-n", space, "--set", "loopcam.enabled=false"]
    given = ["--post-renderer", *renderer]
    for word in ("--target=autoscaler", f"--config={config}"):
        given += ["--post-renderer-args", word]
    helm("install", *bare, *given)
    deployment = _deployment(api, space, release)
    assert _names(deployment) == ["autoscaler", "loopcam"]
    api.admitted(space, deployment["spec"]["template"])
    assert api.get(f"/api/v1/namespaces/{space}/configmaps/{release}-loopcam")["data"]
    helm("upgrade", *bare, *given)
    assert _deployment(api, space, release)["metadata"]["generation"] == 1
    helm("upgrade", *bare)
    assert _names(_deployment(api, space, release)) == ["autoscaler"]
    with pytest.raises(RefusedError, match="not found"):
        api.get(f"/api/v1/namespaces/{space}/configmaps/{release}-loopcam")
    helm("uninstall", release, "-n", space)
