"""What a real API server admits: Pod Security levels, the service account's token, and every field known."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from daemon.inject.manifests import injected, removed
from daemon.inject.values import converted
from tests.deploy.api.conftest import CONFIG, template
from tests.deploy.api.server import Api, RefusedError

ADMITTED = {
    "sameUser": {"restricted", "baseline", "privileged"},
    "none": {"restricted", "baseline", "privileged"},
    "ptrace": {"privileged"},
    "fileCap": {"privileged"},
}
Manifests = Callable[[str, dict[str, Any]], str]


@pytest.mark.threat("sandbox")
@pytest.mark.parametrize("mode", ["container", "native"])
@pytest.mark.parametrize("privilege", ADMITTED)
@pytest.mark.parametrize("way", ["chart", "inject"])
def test_each_rung_is_admitted_where_the_docs_say(
    api: Api, namespaces: dict[str, str], manifests: Manifests, way: str, privilege: str, mode: str
) -> None:
    made = template(manifests(way, {"privilege": privilege, "sidecar": {"mode": mode}}))
    seen, said = set(), ""
    for level, namespace in namespaces.items():
        try:
            pod = api.admitted(namespace, made)
        except RefusedError as refused:
            said = f"{refused}"
            assert "violates PodSecurity" in said
            continue
        seen.add(level)
        place = "containers" if mode == "container" else "initContainers"
        assert pod["spec"][place][-1]["name"] == "loopcam"
    assert seen == ADMITTED[privilege], said


@pytest.mark.threat("sandbox")
@pytest.mark.parametrize("sees_token", [False, True])
def test_the_pods_token_is_masked_in_our_container_only(
    api: Api, namespaces: dict[str, str], manifests: Manifests, sees_token: bool
) -> None:
    made = template(manifests("inject", {"privilege": "none", "serviceAccountToken": sees_token}))
    pod = api.admitted(namespaces["restricted"], made)
    token = next(one["name"] for one in pod["spec"]["volumes"] if one["name"].startswith("kube-api-access"))
    target, ours = ({mount["name"] for mount in one["volumeMounts"]} for one in pod["spec"]["containers"])
    assert token in target
    assert (token in ours) is sees_token


def test_every_field_is_known_to_the_server(
    api: Api, namespaces: dict[str, str], manifests: Manifests
) -> None:
    places = {"ConfigMap": "/api/v1", "Deployment": "/apis/apps/v1"}
    for one in yaml.safe_load_all(manifests("inject", {"privilege": "sameUser"})):
        if one is not None:
            space = namespaces["restricted"]
            one["metadata"]["namespace"] = space
            path = f"{places[one['kind']]}/namespaces/{space}/{one['kind'].lower()}s"
            assert api.create(path, one, dry_run=True)["kind"] == one["kind"]


def test_a_pod_that_shares_the_nodes_processes_cannot_share_its_own(
    api: Api, namespaces: dict[str, str], manifests: Manifests
) -> None:
    """Why `inject` refuses hostPID."""
    made = template(manifests("inject", {"privilege": "ptrace"}))
    made["spec"]["hostPID"] = True
    with pytest.raises(RefusedError, match="ShareProcessNamespace and HostPID cannot both be enabled"):
        api.admitted(namespaces["privileged"], made)


@pytest.mark.parametrize("mode", ["container", "native"])
def test_taken_out_of_what_the_server_stored_it_is_the_same_to_the_server(
    api: Api, namespaces: dict[str, str], manifests: Manifests, mode: str
) -> None:
    """The server fills in defaults, in our container too, and gives it back as JSON."""
    values = {"privilege": "sameUser", "sidecar": {"mode": mode}}
    texts = [manifests("inject", values), removed(manifests("inject", values))]
    with_us, without = (_stored(api, namespaces["restricted"], one) for one in texts)
    assert json.loads(removed(json.dumps(with_us)))["spec"] == without["spec"]
    again = injected(json.dumps(with_us), converted({"target": "autoscaler", "config": CONFIG}))
    deployment, _config_map = yaml.safe_load_all(again)
    assert len(deployment["spec"]["template"]["spec"]["containers"]) == 2


def _stored(api: Api, namespace: str, text: str) -> dict[str, Any]:
    one = next(each for each in yaml.safe_load_all(text) if each and each["kind"] == "Deployment")
    one["metadata"]["namespace"] = namespace
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    return api.create(path, one, dry_run=True)
