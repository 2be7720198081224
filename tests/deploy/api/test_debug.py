"""`kubectl debug`, as the docs have it: what it adds to a running pod, and where that is admitted."""

import subprocess
import uuid
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.api.server import Api
from tests.prerequisites import require

ROOT = Path(__file__).parents[3]
COMMAND = ["loopcam", "capture", "--pid", "1", "--out", "-"]


def _pod(api: Api, namespace: str) -> str:
    name = f"pod-{uuid.uuid4().hex[:8]}"
    context = {
        "runAsUser": 1000,
        "runAsNonRoot": True,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    spec = {"containers": [{"name": "app", "image": "app:1", "securityContext": context}]}
    api.create(f"/api/v1/namespaces/{namespace}/pods", {"metadata": {"name": name}, "spec": spec})
    return name


def _debug(api: Api, namespace: str, pod: str, *options: str) -> subprocess.CompletedProcess[str]:
    argv = ["kubectl", f"--kubeconfig={api.kubeconfig}", "-n", namespace, "debug", pod, "--target=app"]
    argv += ["--image=loopcam:1", "--quiet", *options, "--", *COMMAND]
    return subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)


def _ephemeral(api: Api, namespace: str, pod: str) -> dict[str, Any]:
    spec = api.get(f"/api/v1/namespaces/{namespace}/pods/{pod}")["spec"]
    return dict(spec["ephemeralContainers"][0])


def test_general_with_our_own_lines_is_root_with_sys_ptrace_alone(
    api: Api, namespaces: dict[str, str]
) -> None:
    require("kubectl")
    space = namespaces["privileged"]
    pod = _pod(api, space)
    done = _debug(api, space, pod, "--profile=general", f"--custom={ROOT / 'deploy/debug/root.yaml'}")
    assert done.returncode == 0, done.stderr
    made = _ephemeral(api, space, pod)
    assert made["targetContainerName"] == "app"
    assert made["command"] == COMMAND
    context = made["securityContext"]
    assert context["capabilities"] == {"add": ["SYS_PTRACE"], "drop": ["ALL"]}
    assert (context["runAsUser"], "privileged" in context) == (0, False)


@pytest.mark.parametrize("profile", ["general", "sysadmin"])
@pytest.mark.parametrize("level", ["baseline", "restricted"])
def test_neither_is_admitted_below_privileged(
    api: Api, namespaces: dict[str, str], level: str, profile: str
) -> None:
    require("kubectl")
    space = namespaces[level]
    done = _debug(api, space, _pod(api, space), f"--profile={profile}")
    assert "violates PodSecurity" in done.stderr


def test_restricted_with_the_targets_user_is_admitted_everywhere(
    api: Api, namespaces: dict[str, str], tmp_path: Path
) -> None:
    """The rung sameUser: it attaches where Yama is 0 or not there."""
    require("kubectl")
    space, custom = namespaces["restricted"], tmp_path / "user.yaml"
    custom.write_text("securityContext: {runAsUser: 1000, runAsGroup: 1000}\n")
    pod = _pod(api, space)
    done = _debug(api, space, pod, "--profile=restricted", f"--custom={custom}")
    assert done.returncode == 0, done.stderr
    context = _ephemeral(api, space, pod)["securityContext"]
    assert (context["runAsUser"], context["capabilities"]) == (1000, {"drop": ["ALL"]})
