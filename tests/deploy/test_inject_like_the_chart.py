"""`loopcam inject` and the library chart make the same of the same values."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from daemon.inject.manifests import injected
from daemon.inject.values import DEFAULTS, converted, merged
from tests.prerequisites import require

CHART = Path(__file__).parents[2] / "deploy/examples/autoscaler"
TARGET = {"name": "autoscaler", "process": {"match": "autoscaler"}, "max_loop_time": "2m"}
IDS = {"runAsUser": 1000, "runAsGroup": 1000}
METRICS = {"metrics": {"preset": "cluster-autoscaler"}}
S3 = {"s3": {"bucket": "reports", "prefix": "loopcam/"}}
FILE = {"file": {"path": "/var/lib/loopcam/kept", "max_bytes": "64MiB"}}

SAME: dict[str, dict[str, Any]] = {
    "defaults": {},
    "native": {"sidecar": {"mode": "native"}},
    "ptrace": {"privilege": "ptrace", "runAsUser": None, "runAsGroup": None},
    "ptrace with a group": {"privilege": "ptrace", "runAsUser": 0, "runAsGroup": 2000},
    "fileCap": {"privilege": "fileCap", "runAsUser": None, "runAsGroup": None},
    "fileCap on OpenShift": {
        "privilege": "fileCap",
        "runAsUser": None,
        "runAsGroup": None,
        "openshift": True,
    },
    "none": {"privilege": "none", "runAsUser": None, "runAsGroup": None},
    "none, as somebody": {"privilege": "none"},
    "sameUser on OpenShift": {"openshift": True, "runAsUser": None, "runAsGroup": None},
    "digest": {"image": {"repository": "reg:5000/loopcam", "digest": "sha256:" + "a" * 64}},
    "tag": {"image": {"tag": "1.2.3", "pullPolicy": "Always"}},
    "guaranteed": {"guaranteed": True},
    "guaranteed, with limits": {
        "guaranteed": True,
        "resources": {"limits": {"cpu": "1", "memory": "512Mi", "ephemeral-storage": "900Mi"}},
    },
    "ephemeral storage": {"resources": {"limits": {"ephemeral-storage": "700Mi"}}},
    "requests taken away": {"resources": {"requests": None}},
    "hostNetwork": {"hostNetwork": True},
    "token": {"serviceAccountToken": True},
    "logs": {"logs": {"volume": "logs", "mountPath": "/logs"}},
    "environment": {
        "env": [{"name": "AWS_REGION", "value": "1e3"}],
        "envFrom": [{"secretRef": {"name": "bucket"}}],
        "volumeMounts": [{"name": "logs", "mountPath": "/certs", "readOnly": True}],
    },
    "configuration": {
        "config": {
            "targets": [TARGET],
            "metrics_listen": "0.0.0.0:9999",
            "unix": {"datagram": "/run/loopcam/b.sock"},
            "labels": {"cluster": "prod", "pod": "mine"},
            "spool": {"max_bytes": "100MiB", "max_reports": 10},
            "sinks": [S3, FILE, {"file": {"path": "/var/lib/loopcam/more"}, "name": "more"}],
        }
    },
    "sizes": {"storage": {"sizeLimit": "3G"}, "config": {"targets": [TARGET], "captures_at_once": 3}},
    "dashcams": {
        "config": {
            "targets": [
                TARGET | {"dashcam": {"max_bytes": "40MiB", "mode": "continuous"}},
                TARGET | {"name": "second", "dashcam": "continuous"},
                TARGET | {"name": "third", "dashcam": {"mode": "off", "max_bytes": "300MiB"}},
                {"name": "fourth", "address": ["a:1", "b:2", "c:3"], "iterations": [METRICS]},
            ]
        }
    },
    "no dashcam": {"config": {"targets": [TARGET | {"dashcam": "off"}]}},
    "no dashcam, as Helm reads it": {"config": {"targets": [TARGET | {"dashcam": False}]}},
}
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "small volume": ({"storage": {"sizeLimit": "100Mi"}}, "storage.sizeLimit"),
    "ephemeral storage": ({"resources": {"limits": {"ephemeral-storage": "50Mi"}}}, "ephemeral-storage"),
    "rings": (
        {"config": {"targets": [TARGET | {"dashcam": {"max_bytes": "700MiB"}}]}},
        "dashcam.max_bytes",
    ),
    "another user": ({"privilege": "ptrace", "runAsUser": 1001}, "ambient"),
    "root by file": ({"privilege": "fileCap", "runAsUser": 0}, "not root"),
    "OpenShift's user": ({"openshift": True}, "same user"),
    "loopback metrics": ({"config": {"targets": [TARGET], "metrics_listen": "127.0.0.1:9686"}}, "probe"),
    "masked token": (
        {
            "config": {
                "targets": [TARGET],
                "control": {"tls_cert": "/var/run/secrets/kubernetes.io/serviceaccount/token"},
            }
        },
        "masked",
    ),
    "unknown value": ({"imagee": {}}, "imagee"),
    "unknown privilege": ({"privilege": "root"}, "privilege"),
    "unknown option": ({"config": {"targets": [TARGET], "lisen": "x"}}, "lisen"),
    "bad target": ({"target": "A_B"}, "target"),
    "bad image": ({"image": {"digest": "latest"}}, "digest"),
    "unknown key": ({"env": [{"name": "A", "valeu": "x"}]}, "valeu"),
    "a number": ({"env": [{"name": "A", "value": 1}]}, "value"),
    "no place": ({"volumeMounts": [{"name": "logs"}]}, "mountPath"),
    "an amount": ({"resources": {"limits": {"memory": "lots"}}}, "memory"),
    "no name": ({"env": [{"value": "x"}]}, "name"),
}


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The example's chart without loopcam."""
    require("helm")
    done = _rendered(tmp_path_factory.mktemp("bare"), {"enabled": False})
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", SAME)
def test_the_same_container_volumes_and_config_map(name: str, bare: str, tmp_path: Path) -> None:
    given = _values(SAME[name])
    rendered = _rendered(tmp_path, given)
    assert rendered.returncode == 0, rendered.stderr
    made = injected(bare, converted(merged(DEFAULTS, given)))
    assert _parts(made) == _parts(rendered.stdout)


@pytest.mark.parametrize("name", REFUSED)
def test_both_refuse_the_same(name: str, bare: str, tmp_path: Path) -> None:
    over, said = REFUSED[name]
    given = _values(over)
    assert said in _refused(_rendered(tmp_path, given)).stderr
    done = _refused(_injected(tmp_path, given, bare))
    assert said in done.stderr
    assert done.stdout == ""
    assert done.returncode == 78


def test_the_same_defaults() -> None:
    chart = yaml.safe_load((CHART.parents[2] / "charts/loopcam-lib/values.yaml").read_text())
    assert converted(merged({}, chart)) == converted(DEFAULTS)


def _values(over: dict[str, Any]) -> dict[str, Any]:
    return {"target": "autoscaler", "config": {"targets": [TARGET]}, **IDS, **over}


def _rendered(place: Path, loopcam: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    (place / "chart.yaml").write_text(
        json.dumps({"loopcam": loopcam, "volumes": [{"name": "logs", "emptyDir": {}}]})
    )
    argv = ["helm", "template", "autoscaler", CHART, "--namespace", "scaling", "-f", place / "chart.yaml"]
    return subprocess.run(argv, capture_output=True, text=True, timeout=120)


def _injected(place: Path, loopcam: dict[str, Any], manifests: str) -> subprocess.CompletedProcess[str]:
    given = place / "values.yaml"
    given.write_text(json.dumps(loopcam))
    argv = ["loopcam", "inject", "--values", given]
    return subprocess.run(argv, input=manifests, capture_output=True, text=True, timeout=120)


def _refused(done: subprocess.CompletedProcess[str]) -> subprocess.CompletedProcess[str]:
    assert done.returncode != 0
    return done


def _parts(manifests: str) -> dict[str, Any]:
    """What of a stream is loopcam's: all of the pod but the record of `inject` and where volumes stand."""
    found: dict[str, Any] = {}
    for one in yaml.safe_load_all(manifests):
        if one and one["kind"] == "ConfigMap":
            found["name"], found["namespace"] = one["metadata"]["name"], one["metadata"]["namespace"]
            found["configuration"] = yaml.safe_load(one["data"]["loopcam.yaml"])
        elif one and one["kind"] == "Deployment":
            template = one["spec"]["template"]
            spec = template["spec"]
            spec["volumes"] = sorted(spec["volumes"], key=lambda volume: str(volume["name"]))
            target = spec["containers"][0]
            target["env"] = [each for each in target.get("env", []) if each["name"] != "LOOPCAM_SOCKET"]
            found["pod"], found["labels"] = spec, template["metadata"]["labels"]
    return found
