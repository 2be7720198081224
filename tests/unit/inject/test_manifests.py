"""Streams of manifests with loopcam in them, twice, and without it again."""

import json
from typing import Any

import pytest
import yaml

from daemon.config.load import parse
from daemon.inject.errors import ManifestError
from daemon.inject.manifests import injected, removed
from daemon.inject.values import Values, converted
from model.errors import ConfigError

CONFIG = {"targets": [{"name": "a", "process": {"match": "a"}, "max_loop_time": "2m"}]}
SPEC = """\
containers:
- name: app   # the target
  image: app:1
  securityContext: {runAsUser: 1000, runAsGroup: 2000}
- name: other
  image: other:1
"""
KINDS = {
    "Pod": "spec:\n{2}",
    "Deployment": "spec:\n  replicas: 1\n  template:\n    spec:\n{6}",
    "StatefulSet": "spec:\n  template:\n    metadata: {labels: {a: b}}\n    spec:\n{6}",
    "DaemonSet": "spec:\n  template:\n    metadata:\n      annotations:\n        a: b\n    spec:\n{6}",
    "ReplicaSet": "spec:\n  template:\n    spec:\n{6}",
    "Job": "spec:\n  template:\n    spec:\n      restartPolicy: Never\n{6}",
    "CronJob": "spec:\n  jobTemplate:\n    spec:\n      template:\n        spec:\n{10}",
}
SERVICE = "# mine\napiVersion: v1\nkind: Service\nmetadata: {name: app}\n"


def _workload(kind: str, name: str = "app", spec: str = SPEC) -> str:
    text = KINDS[kind]
    place = text[text.index("{") + 1 : text.index("}", text.rindex("\n"))].rpartition("{")[2]
    lines = "".join(f"{' ' * int(place)}{line}\n" for line in spec.splitlines())
    head = text[: text.rindex("{")]
    return f"apiVersion: apps/v1\nkind: {kind}\nmetadata:\n  name: {name}\n{head}{lines}"


def _values(**over: Any) -> Values:
    return converted({"target": "app", "config": CONFIG, **over})


def _pod(text: str, kind: str = "Deployment") -> dict[str, Any]:
    found = next(one for one in yaml.safe_load_all(text) if one["kind"] == kind)
    if kind == "Pod":
        return dict(found)
    spec = found["spec"]
    return dict((spec["jobTemplate"]["spec"] if kind == "CronJob" else spec)["template"])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", ["container", "native"])
def test_in_twice_the_same_and_out_again(kind: str, mode: str) -> None:
    text = f"{SERVICE}---\n{_workload(kind)}---\n{SERVICE}"
    made = injected(text, _values(sidecar={"mode": mode}))
    pod = _pod(made, kind)
    place = "containers" if mode == "container" else "initContainers"
    assert pod["spec"][place][-1]["name"] == "loopcam"
    assert pod["spec"][place][-1]["securityContext"]["runAsGroup"] == 2000
    assert pod["spec"]["shareProcessNamespace"] is True
    assert pod["metadata"]["labels"]["loopcam.dev/sidecar"] == "true"
    assert {"name": "loopcam-run", "mountPath": "/run/loopcam"} in pod["spec"]["containers"][0][
        "volumeMounts"
    ]
    assert made.startswith(SERVICE)
    assert made.endswith(f"---\n{SERVICE}")
    assert injected(made, _values(sidecar={"mode": mode})) == made
    assert removed(made) == text


def test_other_values_replace_what_was_injected() -> None:
    text = _workload("Deployment")
    first = injected(text, _values(sidecar={"mode": "native"}))
    second, fresh = (injected(one, _values(privilege="ptrace")) for one in (first, text))
    assert list(yaml.safe_load_all(second)) == list(yaml.safe_load_all(fresh))


def test_not_enabled_takes_it_out() -> None:
    text = _workload("Deployment")
    assert injected(injected(text, _values()), _values(enabled=False)) == text


def test_none_shares_no_namespace() -> None:
    assert "shareProcessNamespace" not in injected(_workload("Deployment"), _values(privilege="none"))


@pytest.mark.parametrize("said", ["true", "false"])
def test_what_the_manifest_said_itself_comes_back(said: str) -> None:
    spec = f"shareProcessNamespace: {said}\n{SPEC}"
    text = _workload("Deployment", spec=spec)
    made = injected(text, _values())
    assert _pod(made)["spec"]["shareProcessNamespace"] is True
    assert removed(made) == text


def test_a_socket_of_its_own_is_left_alone() -> None:
    spec = SPEC.replace("  image: app:1\n", "  image: app:1\n  env: [{name: LOOPCAM_SOCKET, value: /x}]\n")
    text = _workload("Deployment", spec=spec)
    made = injected(text, _values())
    assert _pod(made)["spec"]["containers"][0]["env"] == [{"name": "LOOPCAM_SOCKET", "value": "/x"}]
    assert removed(made) == text


def test_a_list_keeps_its_config_map_in_it() -> None:
    listed = {"apiVersion": "v1", "kind": "List", "items": [yaml.safe_load(_workload("Deployment"))]}
    text = json.dumps(listed, indent=2) + "\n"
    made = injected(text, _values())
    assert [one["kind"] for one in json.loads(made)["items"]] == ["Deployment", "ConfigMap"]
    assert injected(made, _values()) == made
    assert removed(made) == text


def test_windows_line_ends_and_a_missing_last_newline() -> None:
    text = _workload("Deployment").replace("\n", "\r\n").removesuffix("\r\n")
    made = injected(text, _values())
    assert injected(made, _values()) == made
    assert removed(made).rstrip() == text


def test_the_pods_network_is_taken_over() -> None:
    made = injected(_workload("Deployment", spec=f"hostNetwork: true\n{SPEC}"), _values())
    env = {one["name"]: one.get("value") for one in _pod(made)["spec"]["containers"][-1]["env"]}
    assert env["LOOPCAM_URL"] == "unix:/run/loopcam/sockets/http.sock"


def test_the_users_come_from_the_pod_where_the_container_says_none() -> None:
    spec = SPEC.replace("{runAsUser: 1000, runAsGroup: 2000}", "{runAsUser: 7}")
    made = injected(
        _workload("Deployment", spec=f"securityContext: {{runAsUser: 1, runAsGroup: 8}}\n{spec}"), _values()
    )
    context = _pod(made)["spec"]["containers"][-1]["securityContext"]
    assert (context["runAsUser"], context["runAsGroup"]) == (7, 8)


def test_openshift_leaves_the_users_out() -> None:
    spec = SPEC.replace("  securityContext: {runAsUser: 1000, runAsGroup: 2000}\n", "")
    made = injected(_workload("Deployment", spec=spec), _values(openshift=True))
    assert "runAsUser" not in _pod(made)["spec"]["containers"][-1]["securityContext"]


def _faults(spec: str, **over: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        injected(f"# x\n---\n{_workload('Deployment', spec=spec)}", _values(**over))
    return str(caught.value)


def test_users_that_are_unknown_are_refused_with_the_remedy() -> None:
    said = _faults(SPEC.replace(", runAsGroup: 2000", ""))
    assert said.startswith("Deployment/app in the document at line 2: runAsGroup: unknown")
    assert "--set runAsGroup=N" in said
    assert "openshift=true" in said


@pytest.mark.parametrize(
    ("spec", "over", "words"),
    [
        (SPEC, {"runAsUser": 1}, ("runAsUser: 1", "1000")),
        (SPEC.replace("1000", "0"), {}, ("runAsUser: 0", "privilege ptrace")),
        (SPEC, {"logs": {"volume": "logs"}}, ("logs.volume", "it has none")),
        (SPEC, {"config": {}}, ("config: missing", "max_loop_time")),
        (SPEC, {"config": {**CONFIG, "lisen": 1}}, ("config.lisen", "unknown", "listen")),
        (SPEC, {"config": {**CONFIG, "labels": {"a": "${"}}}, ("config.labels.a",)),
    ],
)
def test_bad_values_name_the_document_and_the_field(
    spec: str, over: dict[str, Any], words: tuple[str, ...]
) -> None:
    said = _faults(spec, **over)
    for word in ("Deployment/app in the document at line 2", *words):
        assert word in said


def test_root_without_capabilities_may_be_watched_by_the_same() -> None:
    spec = SPEC.replace("runAsUser: 1000", "capabilities: {drop: [ALL]}, runAsUser: 0")
    assert _pod(injected(_workload("Deployment", spec=spec), _values()))["spec"]["containers"][-1]


def test_references_to_the_environment_are_left_for_the_daemon() -> None:
    config = {**CONFIG, "control": {"token_sha256": "${TOKEN_SHA256}"}}
    assert "${TOKEN_SHA256}" in injected(_workload("Deployment"), _values(config=config))


@pytest.mark.parametrize(
    ("text", "over", "said", "remedy"),
    [
        (_workload("Deployment"), {"target": "apt"}, "no container apt", "Deployment/app: app, other"),
        (SERVICE, {}, "no container app", "no workload at all"),
        ("", {}, "no container app", "no workload at all"),
        (f"{_workload('Pod')}---\n{_workload('Job')}", {}, "several could be meant", "--workload"),
        (_workload("Deployment"), {"target": ""}, "several could be meant", "--target"),
        (
            "kind: Pod\nmetadata: {name: a}\nspec: {containers: 1}\n",
            {},
            "spec.containers is 1",
            "a list of mappings",
        ),
        ("kind: Deployment\nmetadata: {name: a}\nspec: {}\n", {}, "spec.template is missing", "mapping"),
        ("kind: Pod\nspec: {containers: []}\n", {}, "metadata is missing", "mapping"),
        (_workload("Deployment", spec=f"hostPID: true\n{SPEC}"), {}, "hostPID", "systemd"),
        (_workload("Deployment", spec=f"{SPEC}- name: loopcam\n"), {}, "has loopcam already", "its chart"),
    ],
)
def test_bad_manifests_are_refused(text: str, over: dict[str, Any], said: str, remedy: str) -> None:
    with pytest.raises(ManifestError, match=said) as caught:
        injected(text, _values(**over))
    assert remedy in caught.value.remedy


def test_one_of_several_workloads_is_chosen() -> None:
    text = f"{_workload('Pod')}---\n{_workload('Job')}"
    made = injected(text, _values(), "job/app")
    assert len(_pod(made, "Job")["spec"]["containers"]) == 3
    assert len(_pod(made, "Pod")["spec"]["containers"]) == 2


@pytest.mark.parametrize("privilege", ["sameUser", "ptrace", "fileCap", "none"])
@pytest.mark.parametrize("host_network", [False, True])
def test_the_daemon_takes_what_is_written(privilege: str, host_network: bool) -> None:
    made = injected(_workload("Deployment"), _values(privilege=privilege, hostNetwork=host_network))
    text = next(one for one in yaml.safe_load_all(made) if one["kind"] == "ConfigMap")["data"]["loopcam.yaml"]
    config = parse(text, "it", {"POD_NAME": "pod", "POD_NAMESPACE": "space", "NODE_NAME": "node"})
    assert (config.listen is None) is host_network
    assert config.labels["container"] == "app"


def test_a_record_that_is_not_ours_is_refused() -> None:
    made = injected(_workload("Deployment"), _values())
    with pytest.raises(ManifestError, match="is not what inject wrote"):
        removed(made.replace("app container mount env share", "yes"))


def test_one_after_the_other_and_out_again_one_by_one() -> None:
    text = f"{_workload('Deployment', 'a')}---\n{_workload('StatefulSet', 'b')}"
    first = injected(text, _values(), "Deployment/a")
    both = injected(first, _values(privilege="ptrace"), "StatefulSet/b")
    assert both.count("kind: ConfigMap") == 2
    assert injected(both, _values(), "a") == both
    assert removed(both, "b") == first
    assert removed(both) == text
    with pytest.raises(ManifestError, match="no workload c"):
        removed(both, "c")


def test_crowds_of_other_kinds_are_not_even_read() -> None:
    crd = "apiVersion: x\nkind: CustomResourceDefinition\nspec:\n  names: {kind: Job}\n  bad: [\n"
    text = f"{crd}---\n{_workload('Deployment')}"
    assert removed(injected(text, _values())) == text


@pytest.mark.parametrize("start", ["--- # first\n", "---\n# first\n\n", "  # first\n", "%YAML 1.1\n---\n"])
def test_whatever_a_document_begins_with(start: str) -> None:
    text = start + _workload("Deployment")
    made = injected(text, _values())
    assert len(_pod(made)["spec"]["containers"]) == 3
    assert removed(made) == text


def test_what_is_no_yaml_but_of_no_interest_passes() -> None:
    odd = "a: [1\n---\n"
    assert injected(odd + _workload("Deployment"), _values()).startswith(odd)
