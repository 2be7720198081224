"""What the manifest itself says of the target goes into the values: its user, its network."""

from collections.abc import Iterator
from typing import Any

import msgspec

from daemon.config.faults import fault
from daemon.inject.configuration import LISTEN, METRICS_LISTEN
from daemon.inject.pods import target
from daemon.inject.values import Values
from daemon.inject.workloads import Workload
from model.errors import ConfigError, Fault


def filled(values: Values, workload: Workload) -> Values:
    """The values for this pod; raises ConfigError where they contradict it."""
    spec = workload.pod["spec"]
    found: dict[str, Any] = {}
    faults = [*_volume(values, spec), *_ports(values, spec)]
    if spec.get("hostNetwork"):
        found["host_network"] = True
    if values.privilege == "sameUser" and not values.openshift:
        for key, given in (("runAsUser", values.run_as_user), ("runAsGroup", values.run_as_group)):
            known = _known(workload, values.target, key)
            if None not in (known, given) and known != given:
                rule = f"the container {values.target} has {known}: with privilege sameUser they are the same"
                faults.append(fault(key, str(given), rule, "leave it out: it is taken from the manifest"))
            if given is None and known is not None:
                found["run_as_user" if key == "runAsUser" else "run_as_group"] = known
        if found.get("run_as_user", values.run_as_user) == 0 and not _without_capabilities(
            target(workload, values.target)
        ):
            rule = "root without capabilities, as ours is, may not look into root that has some"
            hint = "use privilege ptrace, or let the target drop ALL"
            faults.append(fault("runAsUser", "0", rule, hint))
    if faults:
        raise ConfigError(faults)
    return msgspec.structs.replace(values, **found)


def _known(workload: Workload, name: str, key: str) -> int | None:
    """As the container has it, or else its pod."""
    for one in (target(workload, name), workload.pod["spec"]):
        known = (one.get("securityContext") or {}).get(key)
        if isinstance(known, int):
            return known
    return None


def _without_capabilities(one: dict[str, Any]) -> bool:
    capabilities = (one.get("securityContext") or {}).get("capabilities") or {}
    return "ALL" in (capabilities.get("drop") or []) and not capabilities.get("add")


def _ports(values: Values, spec: dict[str, Any]) -> Iterator[Fault]:
    """All containers of a pod share its ports: whoever comes second fails, and here that would be either."""
    ours = {"metrics_listen": values.config.get("metrics_listen") or METRICS_LISTEN}
    if not values.host_network and not spec.get("hostNetwork"):
        ours["listen"] = values.config.get("listen", LISTEN)
    for one in spec["containers"]:
        taken = {str(port.get("containerPort")): port for port in one.get("ports") or []}
        for key, address in ours.items():
            if str(address or "").rpartition(":")[2] in taken:
                rule = f"the container {one['name']} has this port"
                yield fault(f"config.{key}", str(address), rule, "give loopcam another one")


def _volume(values: Values, spec: dict[str, Any]) -> Iterator[Fault]:
    names = [str(one.get("name")) for one in spec.get("volumes") or []]
    if values.logs.volume and values.logs.volume not in names:
        rule = f"the pod has no such volume; it has {', '.join(names) or 'none'}"
        hint = "add an emptyDir, and mount it in the target, which writes its log there"
        yield fault("logs.volume", values.logs.volume, rule, hint)
