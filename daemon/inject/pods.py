"""A pod with our container in it, and without: plain data, changed in place."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from daemon.inject import sidecar
from daemon.inject.configuration import configuration
from daemon.inject.errors import ManifestError
from daemon.inject.values import Values
from daemon.inject.workloads import Workload

LABEL = "loopcam.dev/sidecar"
RECORD = "loopcam.dev/injected"
SOCKET = "LOOPCAM_SOCKET"
_LISTS = {"container": "containers", "native": "initContainers"}
_VOLUMES = tuple(f"loopcam-{name}" for name in ("config", "state", "run", "tmp", "no-token"))
_SHARE = "shareProcessNamespace"
# The words of the record, behind the target's name and the mode: short, since podman takes 63 characters.
_MOUNT, _ENV, _SHARED = "mount", "env", {"share": None, "share=false": False, "share=true": True}


class Injection(NamedTuple):
    """What goes into one pod."""

    values: Values
    config_map: str


def add(workload: Workload, injection: Injection) -> None:
    """Put the sidecar in, and write down what was put in, so that it can be taken out again."""
    values, pod = injection.values, workload.pod
    spec = pod["spec"]
    made = sidecar.volumes(values, injection.config_map)
    _check_names(workload, {one["name"] for one in made})
    record = [values.target, values.sidecar.mode, *_into_target(target(workload, values.target), values)]
    place = _LISTS[values.sidecar.mode]
    spec[place] = [*(spec.get(place) or []), sidecar.container(values)]
    spec["volumes"] = [*(spec.get("volumes") or []), *made]
    if values.privilege != "none":
        record += [word for word, was in _SHARED.items() if was is spec.get(_SHARE)]
        spec[_SHARE] = True
    metadata = pod.get("metadata") or {}
    metadata["labels"] = {**(metadata.get("labels") or {}), LABEL: "true"}
    metadata["annotations"] = {**(metadata.get("annotations") or {}), RECORD: " ".join(record)}
    pod["metadata"] = metadata


def remove(pod: dict[str, Any]) -> None:
    """Take out what `add` put in; without its record nothing is touched."""
    metadata = pod.get("metadata") or {}
    noted = (metadata.get("annotations") or {}).get(RECORD)
    if noted is None:
        return
    name, mode, words = _read(str(noted))
    spec = pod["spec"]
    _without(spec, _LISTS[mode], (sidecar.NAME,))
    _without(spec, "volumes", _VOLUMES)
    for one in spec["containers"]:
        if one.get("name") == name:
            if _MOUNT in words:
                _without(one, "volumeMounts", _VOLUMES)
            if _ENV in words:
                _without(one, "env", (SOCKET,))
    for word in _SHARED.keys() & words:
        spec[_SHARE] = _SHARED[word]
        if _SHARED[word] is None:
            del spec[_SHARE]
    for group, key in (("labels", LABEL), ("annotations", RECORD)):
        held = metadata.get(group) or {}
        held.pop(key, None)
        if not held:
            metadata.pop(group, None)
    if not metadata:
        del pod["metadata"]


def _read(noted: str) -> tuple[str, str, list[str]]:
    name, _, rest = noted.partition(" ")
    mode, *words = rest.split() or [""]
    if mode not in _LISTS:
        raise ManifestError(
            f"the annotation {RECORD}: {noted!r} is not what inject wrote",
            remedy="mend it, or take it and loopcam's parts out by hand",
        )
    return name, mode, words


def target(workload: Workload, name: str) -> dict[str, Any]:
    """The target's container."""
    found: dict[str, Any] = next(one for one in workload.pod["spec"]["containers"] if one.get("name") == name)
    return found


def _is_windows(spec: dict[str, Any]) -> bool:
    said = (spec.get("os") or {}, spec.get("nodeSelector") or {})
    return "windows" in (said[0].get("name"), said[1].get("kubernetes.io/os"))


def _is_under_read_only(mounts: Sequence[dict[str, Any]]) -> bool:
    """Nobody can make the folder for our mount in a volume that is read-only: the target would not start."""
    ours = sidecar.RUN_MOUNT["mountPath"]
    above = [f"{str(one.get('mountPath')).rstrip('/')}/" for one in mounts if one.get("readOnly") is True]
    return any(f"{ours}/".startswith(one) for one in above)


def _into_target(one: dict[str, Any], values: Values) -> Iterator[str]:
    """The folder of the sockets, and where in it heartbeats go; gives the words for the record."""
    mounts = one.get("volumeMounts") or []
    if not any(str(mount.get("mountPath")).rstrip("/") == sidecar.RUN_MOUNT["mountPath"] for mount in mounts):
        if _is_under_read_only(mounts):
            raise ManifestError(
                f"container {one['name']}: /run is mounted read-only: /run/loopcam cannot be mounted in it",
                remedy="take readOnly away there, or mount single folders of it",
            )
        one["volumeMounts"] = [*mounts, dict(sidecar.RUN_MOUNT)]
        yield _MOUNT
    datagram = configuration(values)["unix"].get("datagram")
    env = one.get("env") or []
    if datagram and not any(each.get("name") == SOCKET for each in env):
        one["env"] = [*env, {"name": SOCKET, "value": datagram}]
        yield _ENV


def _check_names(workload: Workload, names: set[str]) -> None:
    """Whoever has such names already has loopcam from elsewhere."""
    spec = workload.pod["spec"]
    taken = names.intersection(one.get("name") for one in spec.get("volumes") or [])
    held = [*spec["containers"], *(spec.get("initContainers") or [])]
    taken |= {sidecar.NAME}.intersection(one.get("name") for one in held)
    if taken:
        raise ManifestError(
            f"{workload}: has {', '.join(sorted(taken))} already, and not from `loopcam inject`",
            remedy="its chart brings loopcam itself: set its values instead, or take it out there",
        )
    if _is_windows(spec):
        raise ManifestError(f"{workload}: is for Windows nodes", remedy="loopcam runs on Linux only")
    if spec.get("hostPID"):
        raise ManifestError(
            f"{workload}: hostPID is true: the pod sees every process of the node, and cannot share its own",
            remedy="take hostPID out, or run loopcam on the node (docs/systemd.md)",
        )


def _without(parent: dict[str, Any], key: str, names: Sequence[str]) -> None:
    """A list without the items of these names; an empty one goes, too."""
    kept = [one for one in parent.get(key) or [] if one.get("name") not in names]
    if kept:
        parent[key] = kept
    else:
        parent.pop(key, None)
