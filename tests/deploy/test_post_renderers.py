"""`loopcam inject` as Helm 3's post-renderer and as a plugin of Helm 4, and the kustomize components."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from daemon.inject import sidecar
from daemon.inject.values import DEFAULTS, converted, merged
from tests.prerequisites import require

ROOT = Path(__file__).parents[2]
CHART = ROOT / "deploy/examples/autoscaler"
CONFIG = ROOT / "deploy/kustomize/example/loopcam.yaml"
SCRIPT = ROOT / "deploy/helm/loopcam-post-renderer"
PLUGIN = ROOT / "deploy/helm/loopcam"


def _run(argv: Sequence[object], **environ: str) -> subprocess.CompletedProcess[str]:
    words = [str(word) for word in argv]
    return subprocess.run(
        words, capture_output=True, text=True, timeout=120, check=False, env={**os.environ, **environ}
    )


def _template(helm: str, renderer: object, target: str, **environ: str) -> subprocess.CompletedProcess[str]:
    argv = [helm, "template", "autoscaler", CHART, "--set", "loopcam.enabled=false"]
    argv += ["--post-renderer", str(renderer)]
    for word in (f"--target={target}", f"--config={CONFIG}"):
        argv += ["--post-renderer-args", word]
    return _run(argv, **environ)


def _deployment(text: str) -> dict[str, Any]:
    return next(dict(one) for one in yaml.safe_load_all(text) if one["kind"] == "Deployment")


def _containers(text: str) -> list[dict[str, Any]]:
    return list(_deployment(text)["spec"]["template"]["spec"]["containers"])


def test_helm_3_by_a_script() -> None:
    require("helm")
    done = _template("helm", SCRIPT, "autoscaler")
    assert done.returncode == 0, done.stderr
    assert [one["name"] for one in _containers(done.stdout)] == ["autoscaler", "loopcam"]
    failed = _template("helm", SCRIPT, "autoscalr")
    assert failed.returncode != 0
    assert "there are Deployment/autoscaler: autoscaler" in failed.stderr


def test_helm_4_by_a_plugin(tmp_path: Path) -> None:
    require("helm4")
    home = {"HELM_DATA_HOME": str(tmp_path), "HELM_CACHE_HOME": str(tmp_path / "cache")}
    installed = _run(["helm4", "plugin", "install", PLUGIN], **home)
    assert installed.returncode == 0, installed.stderr
    done = _template("helm4", "loopcam", "autoscaler", **home)
    assert done.returncode == 0, done.stderr
    assert [one["name"] for one in _containers(done.stdout)] == ["autoscaler", "loopcam"]
    assert _template("helm4", "loopcam", "autoscalr", **home).returncode != 0


@pytest.mark.parametrize("rung", ["sameUser", "ptrace"])
def test_the_components_put_in_what_inject_does(rung: str, tmp_path: Path) -> None:
    require("kubectl")
    given = yaml.safe_load((ROOT / "deploy/kustomize/example/kustomization.yaml").read_text())
    given["components"] = [os.path.relpath(ROOT / "deploy/kustomize" / rung, tmp_path.resolve())]
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump(given))
    for name in ("autoscaler.yaml", "loopcam.yaml"):
        (tmp_path / name).write_text((ROOT / "deploy/kustomize/example" / name).read_text())
    done = _run(["kubectl", "kustomize", tmp_path])
    assert done.returncode == 0, done.stderr
    target, ours = _containers(done.stdout)
    over = {"openshift": rung == "sameUser", "privilege": rung, "config": {"targets": [{}]}}
    values = converted(merged(DEFAULTS, over))
    assert target["name"] == "autoscaler"
    assert ours == sidecar.container(values)
    spec = _deployment(done.stdout)["spec"]["template"]["spec"]
    assert {one["name"]: one for one in spec["volumes"]} == {
        one["name"]: one for one in sidecar.volumes(values, "loopcam")
    }
    assert spec["shareProcessNamespace"] is True
