"""Manifests that are legal and strange, or that look legal: nothing crashes, and nothing wrong is written."""

import json
from typing import Any

import pytest
import yaml

from daemon.inject.errors import ManifestError
from daemon.inject.manifests import injected, removed
from daemon.inject.values import DEFAULTS, converted, merged
from model.errors import ConfigError, LoopcamError

CONFIG = {"targets": [{"name": "a", "process": {"match": "a"}, "max_loop_time": "2m"}]}
POD = "kind: Pod\nmetadata: {name: app}\nspec:\n  containers:\n  - name: app\n    image: x\n"


def _injected(text: str, **over: Any) -> str:
    given = {"privilege": "ptrace", "config": CONFIG, **over}
    return injected(text, converted(merged(DEFAULTS, given)))


def _refusal(text: str, **over: Any) -> str:
    with pytest.raises(LoopcamError) as caught:
        _injected(text, **over)
    remedies = getattr(caught.value, "remedy", "")
    return f"{caught.value} {remedies}"


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("  volumes: [x]", "spec.volumes is ['x']"),
        ("  volumes: x", "spec.volumes is 'x'"),
        ("  initContainers: {a: b}", "spec.initContainers is {'a': 'b'}"),
        ("  securityContext: x", "spec.securityContext is 'x'"),
        ("  nodeSelector: [x]", "spec.nodeSelector is ['x']"),
        ('  shareProcessNamespace: "yes"', "spec.shareProcessNamespace is 'yes'"),
        ("  - name: 5", "spec.containers is [{"),
        ("    env: [x]", "container app: env is ['x']"),
        ("    volumeMounts: {a: b}", "container app: volumeMounts is"),
        ("    securityContext: {capabilities: x}", "container app: securityContext.capabilities is 'x'"),
    ],
)
def test_a_field_of_the_wrong_type_is_named(field: str, said: str) -> None:
    assert said in _refusal(f"{POD}{field}\n")
    assert "it must be" in _refusal(f"{POD}{field}\n")


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ("{name: app, labels: x}", "metadata.labels is 'x'"),
        ("{name: app, annotations: [x]}", "metadata.annotations is ['x']"),
        ("{name: 5}", "metadata.name is missing, or is no text"),
    ],
)
def test_so_it_is_in_the_metadata(metadata: str, said: str) -> None:
    assert said in _refusal(POD.replace("{name: app}", metadata))


def test_a_pod_without_containers() -> None:
    assert "has no container" in _refusal("kind: Pod\nmetadata: {name: a}\nspec: {containers: []}\n")


def test_a_record_whose_label_somebody_took_away() -> None:
    made = _injected(POD).replace('"loopcam.dev/sidecar"', '"other"')
    assert "loopcam.dev/injected" not in removed(made)


def test_tabs_between_tokens_and_surrogate_pairs() -> None:
    pod = {**yaml.safe_load(POD), "x": "\U0001f600"}
    for text in (
        POD.replace("image: x", "image:\tx"),
        json.dumps(yaml.safe_load(POD), indent="\t"),
        json.dumps(pod),
    ):
        made = _injected(text)
        assert _injected(made) == made
        assert len(removed(made)) == len(text) + text.startswith("{") * len("---\n\n")


def test_json_with_a_document_behind_it_is_marked_as_yaml() -> None:
    made = _injected(json.dumps(yaml.safe_load(POD)))
    assert made.startswith("---\n{")  # or kubectl would read all of it as JSON
    assert [one["kind"] for one in yaml.safe_load_all(made)] == ["Pod", "ConfigMap"]


def test_a_config_map_of_the_same_name_is_not_doubled() -> None:
    deployment = (
        "kind: Deployment\nmetadata: {name: app}\nspec: {template: {spec: {containers: [{name: b}]}}}\n"
    )
    both = f"{deployment}---\n{_injected(POD)}"
    with pytest.raises(ManifestError, match="a ConfigMap app-loopcam, and the document at line") as caught:
        injected(both, converted(merged(DEFAULTS, {"target": "b", "privilege": "ptrace", "config": CONFIG})))
    assert "rename" in caught.value.remedy
    theirs = "kind: ConfigMap\nmetadata: {name: app-loopcam}\n"
    assert "app-loopcam" in _refusal(f"{POD}---\n{theirs}")
    assert _injected(f"{POD}---\n{theirs.replace('}', ', namespace: other}')}")


def test_long_names_stay_within_what_kubernetes_takes() -> None:
    name = f"{'a' * 54}.{'b' * 100}"
    made = list(yaml.safe_load_all(_injected(POD.replace("{name: app}", f"{{name: {name}}}"))))
    assert made[1]["metadata"]["name"] == f"{'a' * 54}-loopcam"
    assert len(made[1]["metadata"]["labels"]["app.kubernetes.io/instance"]) == 63


@pytest.mark.parametrize(("port", "key"), [(9686, "metrics_listen"), (8686, "listen")])
def test_a_port_that_is_taken_is_refused(port: int, key: str) -> None:
    text = f"{POD}    ports: [{{containerPort: {port}}}]\n"
    said = _refusal(text)
    assert f"config.{key}: " in said
    assert "the container app has this port" in said
    assert _injected(text, config={**CONFIG, "metrics_listen": "0.0.0.0:9700", "listen": "127.0.0.1:9701"})


def test_where_a_sidecar_cannot_be() -> None:
    assert "Linux only" in _refusal(f"{POD}  os: {{name: windows}}\n")
    assert "Linux only" in _refusal(f"{POD}  nodeSelector: {{kubernetes.io/os: windows}}\n")
    mounts = "    volumeMounts: [{name: v, mountPath: /run, readOnly: true}]\n"
    assert "/run is mounted read-only" in _refusal(f"{POD}{mounts}")
    assert _injected(f"{POD}{mounts.replace('/run', '/runs')}")


def test_null_in_the_configuration_stays() -> None:
    made = list(yaml.safe_load_all(_injected(POD, config={**CONFIG, "listen": None})))
    assert yaml.safe_load(made[1]["data"]["loopcam.yaml"]).get("listen", "left out") is None


def test_a_fraction_of_a_cpu() -> None:
    given = {"resources": {"limits": {"cpu": 0.5, "memory": "256Mi"}}}
    made = _injected(POD, **given)
    assert _injected(made, **given) == made
    assert next(yaml.safe_load_all(made))["spec"]["containers"][1]["resources"]["limits"]["cpu"] == "0.5"


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ({"storage": {"sizeLimit": "1GiB"}}, "such as 500Mi or 1Gi"),
        ({"resources": {"limits": {"memory": "1K"}}}, "resources.limits.memory: '1K'"),
        ({"resources": {"limits": {"cpu": "2x"}}}, "resources.limits.cpu: '2x'"),
        ({"env": [{"name": "A", "value": 5}]}, "put it in quotes"),
        ({"config": {**CONFIG, "listen": "127.0.0.1:9686"}}, "config.metrics_listen: 0.0.0.0:9686: taken"),
    ],
)
def test_what_the_cluster_or_the_daemon_would_refuse(over: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        _injected(POD, **over)
    assert said in str(caught.value)


def test_a_path_that_only_begins_alike_is_outside_of_the_volume() -> None:
    sinks = [{"file": {"path": "/var/lib/loopcamera"}}]
    text = list(yaml.safe_load_all(_injected(POD, config={**CONFIG, "sinks": sinks})))[1]["data"]
    assert yaml.safe_load(text["loopcam.yaml"])["sinks"] == sinks


def test_several_in_a_list_are_injected_again_in_any_order() -> None:
    items = [yaml.safe_load(POD.replace("app", name)) for name in ("a", "b")]
    both = json.dumps({"kind": "List", "items": items}) + "\n"
    for target in ("a", "b"):
        both = _injected(both, target=target)
    assert _injected(both, target="a") == both
    assert _injected(both, target="b") == both
    assert [one["kind"] for one in yaml.safe_load(both)["items"]] == ["Pod", "Pod", "ConfigMap", "ConfigMap"]


def test_what_somebody_put_behind_ours_stays() -> None:
    made = _injected(f"{POD}  volumes:\n  - name: mine # first\n    emptyDir: {{}}\n")
    volume = "  - name: later # mine\n    emptyDir: {}\n"
    pod, config_map = made.split("---\n")
    grown = pod.replace("  shareProcess", f"{volume}  shareProcess")
    assert volume in grown
    again = _injected(f"{grown}---\n{config_map}", privilege="none")
    names = [one["name"] for one in next(yaml.safe_load_all(again))["spec"]["volumes"]]
    assert names[:2] == ["mine", "later"]
    assert volume in again
    assert _injected(again, privilege="none") == again


def test_root_that_is_only_said_on_the_command_line_is_root_too() -> None:
    said = _refusal(POD, privilege="sameUser", runAsUser=0, runAsGroup=0)
    assert "runAsUser: 0" in said
    assert "privilege ptrace" in said


def test_several_last_items_go_where_the_text_ends_without_a_line_break() -> None:
    item = POD.rstrip().replace("\n", "\n  ")
    text = f"kind: List\nitems:\n- {item.replace('app', 'a')}\n- {item.replace('app', 'b')}"
    made = text
    for target in ("a", "b"):
        made = _injected(made, target=target)
    assert removed(made).rstrip() == text


@pytest.mark.parametrize(
    "pod",
    [
        "  - env: []\n    volumeMounts: []\n    name: app # c\n",
        "  - {env: [], volumeMounts: [], name: app}\n",
    ],
)
def test_the_first_keys_of_a_container_go_together(pod: str) -> None:
    text = f"kind: Pod\nmetadata: {{name: app}}\nspec:\n  containers:\n{pod}"
    assert yaml.safe_load(removed(_injected(text)))["spec"]["containers"] == [{"name": "app"}]
