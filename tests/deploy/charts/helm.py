"""The charts of this repository, through the real helm."""

import functools
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import yaml

from daemon.config.load import parse
from daemon.config.settings import Config

ROOT = Path(__file__).parents[3]
LIBRARY, STANDALONE = ROOT / "charts" / "loopcam-lib", ROOT / "charts" / "loopcam"
AUTOSCALER = ROOT / "deploy" / "examples" / "autoscaler"  # a chart that takes the library
TARGET = {"name": "autoscaler", "process": {"match": "autoscaler"}, "max_loop_time": "2m"}
PLACE = {"POD_NAME": "demo-0", "POD_NAMESPACE": "default", "NODE_NAME": "node-1"}

Values = dict[str, Any]
Manifest = dict[str, Any]


def helm(
    *arguments: str | Path, values: Values | None = None, program: str = "helm"
) -> "subprocess.CompletedProcess[str]":
    """Run helm with these values, which are given as a file."""
    argv = [program, *map(str, arguments)]
    argv += ["--values", "-"] if values is not None else []
    text = yaml.safe_dump(values) if values is not None else None
    env = {**os.environ, "KUBECONFIG": os.devnull}
    return subprocess.run(argv, input=text, env=env, capture_output=True, text=True, timeout=120, check=False)


def text(chart: Path, values: Values) -> str:
    """What the chart renders."""
    return _text(chart, json.dumps(values))


@functools.cache
def _text(chart: Path, values: str) -> str:
    done = helm("template", "demo", chart, values=json.loads(values))
    assert done.returncode == 0, done.stderr
    return done.stdout


def manifests(chart: Path, values: Values) -> list[Manifest]:
    """The manifests that the chart renders."""
    return [one for one in yaml.safe_load_all(text(chart, values)) if one is not None]


def refusal(chart: Path, values: Values) -> str:
    """Why helm refuses these values."""
    done = helm("template", "demo", chart, values=values)
    assert done.returncode != 0, "nothing was refused"
    return done.stderr


def sidecar(**values: Any) -> Values:
    """Values of the autoscaler's chart with these of loopcam's."""
    return {"loopcam": values}


def one(found: list[Manifest], kind: str) -> Manifest:
    """The only manifest of a kind."""
    (it,) = [each for each in found if each["kind"] == kind]
    return it


def pod(found: list[Manifest]) -> Manifest:
    """The pod's spec in the Deployment."""
    spec: Manifest = one(found, "Deployment")["spec"]["template"]["spec"]
    return spec


def container(found: list[Manifest]) -> Manifest:
    """Our container, in either mode."""
    spec = pod(found)
    (it,) = [
        each for each in (*spec["containers"], *spec.get("initContainers", ())) if each["name"] == "loopcam"
    ]
    made: Manifest = it
    return made


def written(found: list[Manifest]) -> str:
    """The configuration in the ConfigMap."""
    data: str = one(found, "ConfigMap")["data"]["loopcam.yaml"]
    return data


def config(found: list[Manifest]) -> Config:
    """The same, as the daemon in the pod would read it."""
    return parse(written(found), "loopcam.yaml", PLACE)
