"""Autoscalers as their projects publish them: values of their charts, and `loopcam inject` over the rest."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from daemon.config.load import parse
from daemon.inject import sidecar
from daemon.inject.manifests import injected, removed
from daemon.inject.values import DEFAULTS, converted, merged
from tests.prerequisites import require

PLACE = Path(__file__).parents[2] / "deploy/upstream"
KARPENTER = "github.com/aws/karpenter-provider-aws@v1.12.0"
KEDA = "github.com/kedacore/keda/v2@v2.21.0"
KUBERAY = "github.com/ray-project/kuberay/ray-operator@v1.5.0"
CONFIG = {
    "targets": [{"name": "a", "address": "127.0.0.1:8080", "iterations": [{"metrics": {"preset": "keda"}}]}]
}


def _module(name: str, place: Path) -> Path:
    """A Go module's folder: what its project published, charts and manifests with it."""
    require("go")
    done = subprocess.run(
        ["go", "mod", "download", "-json", name],
        cwd=place,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return Path(json.loads(done.stdout)["Dir"])


def _run(argv: Sequence[object]) -> str:
    done = subprocess.run(list(map(str, argv)), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _values(mode: str) -> Any:
    over = {"privilege": "none", "sidecar": {"mode": mode}, "config": {"targets": [{}]}}
    return converted(merged(DEFAULTS, over))


def _pod(text: str, name: str) -> dict[str, Any]:
    found = next(
        one
        for one in yaml.load_all(text, Loader=yaml.CSafeLoader)
        if one and one["kind"] == "Deployment" and one["metadata"]["name"] == name
    )
    return dict(found["spec"]["template"])


@pytest.mark.parametrize("name", ["cluster-autoscaler", "karpenter", "keda", "kuberay"])
def test_each_configuration_is_good(name: str) -> None:
    environ = {"POD_NAME": "pod", "POD_NAMESPACE": "space", "NODE_NAME": "node"}
    assert parse((PLACE / f"{name}.loopcam.yaml").read_text(), name, environ).targets


@pytest.mark.parametrize(
    ("name", "mode", "container", "volumes"),
    [
        ("cluster-autoscaler", "native", ("initContainers",), ("extraVolumes",)),
        ("keda", "container", ("operator", "extraContainers"), ("volumes", "keda", "extraVolumes")),
    ],
)
def test_the_fragments_say_what_inject_does(
    name: str, mode: str, container: tuple[str, ...], volumes: tuple[str, ...]
) -> None:
    given = yaml.safe_load((PLACE / f"{name}.yaml").read_text())
    assert _under(given, container) == [sidecar.container(_values(mode))]
    assert _under(given, volumes) == sidecar.volumes(_values(mode), "loopcam")


def _under(given: Any, keys: tuple[str, ...]) -> Any:
    for key in keys:
        given = given[key]
    return given


def test_karpenters_chart_takes_its_fragment(tmp_path: Path) -> None:
    require("helm")
    chart = _module(KARPENTER, tmp_path) / "charts/karpenter"
    argv = ["helm", "template", "karpenter", chart, "-f", PLACE / "karpenter.yaml"]
    pod = _pod(_run([*argv, "--set", "settings.clusterName=x"]), "karpenter")
    assert [one["name"] for one in pod["spec"]["containers"]] == ["controller", "loopcam"]
    assert pod["spec"]["containers"][1] == sidecar.container(_values("container"))
    assert pod["spec"]["volumes"] == sidecar.volumes(_values("container"), "loopcam")
    assert pod["metadata"]["labels"]["loopcam.dev/sidecar"] == "true"
    assert {"name": "ENABLE_PROFILING", "value": "true"} in pod["spec"]["containers"][0]["env"]


def test_karpenters_own_user_is_found(tmp_path: Path) -> None:
    require("helm")
    chart = _module(KARPENTER, tmp_path) / "charts/karpenter"
    text = _run(["helm", "template", "karpenter", chart, "--set", "settings.clusterName=x"])
    made = injected(text, converted(merged(DEFAULTS, {"target": "controller", "config": CONFIG})))
    assert _pod(made, "karpenter")["spec"]["containers"][1]["securityContext"]["runAsUser"] == 65532
    assert removed(made) == text.replace("      annotations:\n    spec:", "    spec:")  # it was empty


@pytest.mark.parametrize(
    ("module", "target"), [(KEDA, "keda-operator"), (KUBERAY, "kuberay-operator")], ids=["keda", "kuberay"]
)
def test_operators_manifests_are_injected_and_come_back(module: str, target: str, tmp_path: Path) -> None:
    """Some hundred thousand lines of resource definitions pass through as they are."""
    require("kubectl")
    text = _run(["kubectl", "kustomize", _module(module, tmp_path) / "config/default"])
    values = converted(merged(DEFAULTS, {"target": target, "privilege": "none", "config": CONFIG}))
    made = injected(text, values)
    assert _pod(made, target)["spec"]["containers"][1]["name"] == "loopcam"
    assert injected(made, values) == made
    assert removed(made) == text


@pytest.mark.parametrize("kind", ["RayCluster", "RayService", "RayJob"])
def test_the_head_of_a_ray_cluster_is_a_pod_too(kind: str) -> None:
    places = {"RayService": "rayClusterConfig", "RayJob": "rayClusterSpec"}
    fragment = yaml.safe_load((PLACE / "kuberay.yaml").read_text())["head"]
    spec = {"securityContext": fragment["podSecurityContext"], "containers": [{"name": "ray-head"}]}
    cluster: dict[str, Any] = {"headGroupSpec": {"template": {"spec": spec}}}
    cluster = {places[kind]: cluster} if kind in places else cluster
    text = yaml.safe_dump({"kind": kind, "metadata": {"name": "ray"}, "spec": cluster})
    config = yaml.safe_load((PLACE / "kuberay.loopcam.yaml").read_text())
    made = injected(text, converted(merged(DEFAULTS, {"target": "ray-head", "config": config})))
    assert "shareProcessNamespace: true" in made
    assert "runAsGroup: 100\n" in made
    assert removed(made) == text
