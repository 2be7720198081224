"""What a sidecar is made of: the very same as from the chart `loopcam-lib`, for the same values."""

from typing import Any

import msgspec

from daemon import __version__
from daemon.inject.configuration import configuration, metrics_port
from daemon.inject.values import Values

NAME = "loopcam"
RUN_MOUNT = {"name": "loopcam-run", "mountPath": "/run/loopcam"}
TOKEN_PLACE = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105 - where it lies
PYSPY_WITH_CAPABILITY = "/opt/loopcam/fileCap/py-spy"
IMAGE_USER = 10001
_FIELDS = {
    "POD_NAME": "metadata.name",
    "POD_NAMESPACE": "metadata.namespace",
    "POD_UID": "metadata.uid",
    "NODE_NAME": "spec.nodeName",
}
_GUARANTEED_CPU = "500m"


def container(values: Values) -> dict[str, Any]:
    """The container; as an initContainer, too, in the mode `native`."""
    image = values.image
    made: dict[str, Any] = {
        "name": NAME,
        "image": image.repository + (f"@{image.digest}" if image.digest else f":{image.tag or __version__}"),
        "imagePullPolicy": image.pull_policy,
    }
    if values.sidecar.mode == "native":
        made["restartPolicy"] = "Always"
    made["args"] = ["run", "--config", "/etc/loopcam/loopcam.yaml"]
    made["env"] = _env(values)
    if values.env_from:
        made["envFrom"] = list(msgspec.to_builtins(values.env_from))
    port = metrics_port(values)
    made["ports"] = [{"name": "loopcam-metrics", "containerPort": port, "protocol": "TCP"}]
    # The only probe: a readiness or startup probe of ours would hold up the target's pod.
    made["livenessProbe"] = {
        "httpGet": {"path": "/healthz", "port": port},
        "periodSeconds": 10,
        "timeoutSeconds": 5,
        "failureThreshold": 6,
    }
    made["securityContext"] = _security_context(values)
    made["resources"] = _resources(values)
    made["volumeMounts"] = _mounts(values)
    return made


def volumes(values: Values, config_map: str) -> list[dict[str, Any]]:
    """Its volumes."""
    made: list[dict[str, Any]] = [
        {"name": "loopcam-config", "configMap": {"name": config_map}},
        {"name": "loopcam-state", "emptyDir": {"sizeLimit": values.storage.size_limit}},
        {"name": "loopcam-run", "emptyDir": {"sizeLimit": "8Mi"}},
        {"name": "loopcam-tmp", "emptyDir": {"sizeLimit": "256Mi"}},
    ]
    if not values.service_account_token:
        made.append({"name": "loopcam-no-token", "emptyDir": {"sizeLimit": "1Mi"}})
    return made


def _env(values: Values) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = [
        {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}} for name, path in _FIELDS.items()
    ]
    if values.host_network:
        made.append({"name": "LOOPCAM_URL", "value": f"unix:{configuration(values)['unix']['http']}"})
    if values.privilege == "fileCap":
        made.append({"name": "LOOPCAM_PYSPY", "value": PYSPY_WITH_CAPABILITY})
    return [*made, *msgspec.to_builtins(values.env)]


def _security_context(values: Values) -> dict[str, Any]:
    user, group = values.run_as_user, values.run_as_group
    if values.privilege == "ptrace":
        user, group = 0, 0 if group is None else group
    elif values.privilege == "fileCap" and not values.openshift:
        user = IMAGE_USER if user is None else user
        group = IMAGE_USER if group is None else group
    ids = {"runAsUser": user, "runAsGroup": group}
    capabilities = {"drop": ["ALL"]}
    if values.privilege in ("ptrace", "fileCap"):
        capabilities["add"] = ["SYS_PTRACE"]
    return {
        **{key: one for key, one in ids.items() if one is not None},
        "runAsNonRoot": user != 0,
        "allowPrivilegeEscalation": values.privilege == "fileCap",  # or the file's capability would not work
        "readOnlyRootFilesystem": True,
        "capabilities": capabilities,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def _resources(values: Values) -> dict[str, Any]:
    resources: dict[str, Any] = msgspec.to_builtins(values.resources)
    for amounts in resources.values():  # a fraction as a text: texts are read as they stand
        amounts.update({name: str(one) for name, one in amounts.items() if isinstance(one, float)})
    if not values.guaranteed:
        return resources
    limits = {"cpu": _GUARANTEED_CPU, **resources.get("limits", {})}
    return {"limits": limits, "requests": dict(limits)}


def _mounts(values: Values) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = [
        {"name": "loopcam-config", "mountPath": "/etc/loopcam", "readOnly": True},
        {"name": "loopcam-state", "mountPath": "/var/lib/loopcam"},
        dict(RUN_MOUNT),
        {"name": "loopcam-tmp", "mountPath": "/tmp"},  # noqa: S108 - in the container, and a volume of its own
    ]
    if not values.service_account_token:  # nothing is mounted over what a container mounts there itself
        made.append({"name": "loopcam-no-token", "mountPath": TOKEN_PLACE, "readOnly": True})
    if values.logs.volume:
        made.append({"name": values.logs.volume, "mountPath": values.logs.mount_path, "readOnly": True})
    return [*made, *msgspec.to_builtins(values.volume_mounts)]
