"""What the sidecar is, and what it never is."""

from pathlib import Path

import pytest

from tests.deploy.charts.helm import (
    AUTOSCALER,
    STANDALONE,
    Manifest,
    Values,
    config,
    container,
    manifests,
    one,
    pod,
    sidecar,
    text,
    written,
)
from tests.deploy.charts.matrix import LEFT_OUT, SIDECARS, STANDALONES, alone

TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount"
RUNGS = ("sameUser", "ptrace", "fileCap", "none")


def rung(name: str) -> list[Manifest]:
    own = {} if name == "sameUser" else LEFT_OUT
    return manifests(AUTOSCALER, sidecar(privilege=name, **own))


@pytest.mark.parametrize("name", RUNGS)
def test_every_rung_has_all_that_costs_nothing(name: str) -> None:
    context = container(rung(name))["securityContext"]
    assert context["capabilities"]["drop"] == ["ALL"]
    assert context["readOnlyRootFilesystem"] is True
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    assert "privileged" not in context
    assert "hostPID" not in pod(rung(name))


@pytest.mark.parametrize(
    ("name", "user", "non_root", "added", "escalation"),
    [
        ("sameUser", 1000, True, None, False),
        ("ptrace", 0, False, ["SYS_PTRACE"], False),
        ("fileCap", 10001, True, ["SYS_PTRACE"], True),
        ("none", None, True, None, False),
    ],
)
def test_each_rung_has_what_it_needs_and_no_more(
    name: str, user: int | None, non_root: bool, added: list[str] | None, escalation: bool
) -> None:
    context = container(rung(name))["securityContext"]
    assert context.get("runAsUser") == context.get("runAsGroup") == user
    assert context["runAsNonRoot"] is non_root
    assert context["capabilities"].get("add") == added
    assert context["allowPrivilegeEscalation"] is escalation
    assert pod(rung(name)).get("shareProcessNamespace", False) is (name != "none")


def test_the_sockets_are_for_the_same_user_or_for_all_who_mount_them() -> None:
    modes = {name: unix.mode for name in RUNGS if (unix := config(rung(name)).unix)}
    assert modes == {"sameUser": "0600", "ptrace": "0666", "fileCap": "0666", "none": "0666"}


@pytest.mark.parametrize("name", [name for name in SIDECARS if name != "disabled"])
def test_the_pod_is_held_up_and_restarted_by_nothing_of_ours(name: str) -> None:
    found = manifests(AUTOSCALER, SIDECARS[name])
    ours = container(found)
    assert ours["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": 9686}
    assert not {"readinessProbe", "startupProbe", "lifecycle"} & ours.keys()
    assert "annotations" not in one(found, "Deployment")["spec"]["template"]["metadata"]
    (mount,) = [each for each in ours["volumeMounts"] if each["name"] == "loopcam-config"]
    assert mount == {"name": "loopcam-config", "mountPath": "/etc/loopcam", "readOnly": True}
    assert {each["kind"] for each in found} == {"Deployment", "ConfigMap"}


@pytest.mark.parametrize(
    ("chart", "before", "after"),
    [
        (AUTOSCALER, {}, sidecar(config={"shutdown_grace": "9s", "labels": {"team": "x"}})),
        (STANDALONE, alone(), {"config": {**alone()["config"], "shutdown_grace": "9s"}}),
    ],
    ids=["sidecar", "standalone"],
)
def test_a_change_of_the_configuration_restarts_no_pod(chart: Path, before: Values, after: Values) -> None:
    old, new = manifests(chart, before), manifests(chart, after)
    assert written(old) != written(new)
    assert one(old, "Deployment") == one(new, "Deployment")


def test_native_is_the_same_container_elsewhere() -> None:
    beside, native = manifests(AUTOSCALER, {}), manifests(AUTOSCALER, SIDECARS["native"])
    assert [each["name"] for each in pod(native)["containers"]] == ["autoscaler"]
    assert [each["name"] for each in pod(native)["initContainers"]] == ["loopcam"]
    assert container(native) == container(beside) | {"restartPolicy": "Always"}
    assert "initContainers" not in pod(beside)


def test_the_api_token_is_masked_unless_it_is_asked_for() -> None:
    def masked(found: list[Manifest]) -> bool:
        mounts = {each["mountPath"]: each["name"] for each in container(found)["volumeMounts"]}
        volumes = {each["name"]: each for each in pod(found)["volumes"]}
        return TOKEN in mounts and "emptyDir" in volumes[mounts[TOKEN]]

    assert masked(manifests(AUTOSCALER, {}))
    assert not masked(manifests(AUTOSCALER, SIDECARS["with token"]))
    assert pod(manifests(STANDALONE, alone()))["automountServiceAccountToken"] is False


def test_guaranteed_makes_requests_of_the_limits() -> None:
    resources = container(manifests(AUTOSCALER, SIDECARS["guaranteed"]))["resources"]
    assert resources["requests"] == resources["limits"] == {"cpu": "500m", "memory": "256Mi"}


def test_what_is_given_stays_as_it_is_and_the_rest_is_filled_in() -> None:
    given = {"labels": {"pod": "mine", "cluster": "c"}, "metrics_listen": "[::]:9999", "shutdown_grace": "5s"}
    found = manifests(AUTOSCALER, sidecar(config=given))
    read = config(found)
    assert read.labels == {
        "pod": "mine",
        "cluster": "c",
        "namespace": "default",
        "node": "node-1",
        "container": "autoscaler",
    }
    assert (read.metrics_listen, read.shutdown_grace) == ("[::]:9999", 5)
    assert container(found)["ports"][0]["containerPort"] == 9999
    assert container(found)["livenessProbe"]["httpGet"]["port"] == 9999


def test_with_the_nodes_network_commands_go_over_a_socket() -> None:
    found = manifests(AUTOSCALER, SIDECARS["host network"])
    (url,) = [each["value"] for each in container(found)["env"] if each["name"] == "LOOPCAM_URL"]
    unix = config(found).unix
    assert unix is not None
    assert url == f"unix:{unix.http}"


def test_a_monitor_finds_the_port_by_name_and_the_pod_by_label() -> None:
    found = manifests(STANDALONE, STANDALONES["all objects"])
    monitor = one(found, "PodMonitor")["spec"]
    labels = one(found, "Deployment")["spec"]["template"]["metadata"]["labels"]
    assert monitor["selector"]["matchLabels"].items() <= labels.items()
    (port,) = container(found)["ports"]
    assert monitor["podMetricsEndpoints"][0]["port"] == port["name"] == "loopcam-metrics"
    service = one(found, "Service")["spec"]
    assert service["ports"][0]["targetPort"] == port["containerPort"]
    assert service["clusterIP"] == "None"


def test_the_test_pod_is_behind_no_service_of_ours() -> None:
    found = manifests(STANDALONE, alone())
    labels = one(found, "Pod")["metadata"]["labels"]
    assert not one(found, "Service")["spec"]["selector"].items() <= labels.items()


def test_without_a_sidecar_nothing_of_ours_is_there() -> None:
    assert "loopcam" not in text(AUTOSCALER, SIDECARS["disabled"])
