"""The workloads in a document: where each kind keeps its pod."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from daemon.inject import shapes
from daemon.inject.errors import ManifestError

_TEMPLATE = ("spec", "template")
_RAY_HEAD = ("headGroupSpec", "template")
PODS: dict[str, tuple[str, ...]] = {
    "Pod": (),
    "Deployment": _TEMPLATE,
    "StatefulSet": _TEMPLATE,
    "DaemonSet": _TEMPLATE,
    "ReplicaSet": _TEMPLATE,
    "ReplicationController": _TEMPLATE,
    "Job": _TEMPLATE,
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    "RayCluster": ("spec", *_RAY_HEAD),
    "RayService": ("spec", "rayClusterConfig", *_RAY_HEAD),
    "RayJob": ("spec", "rayClusterSpec", *_RAY_HEAD),
}
KINDS = frozenset(PODS)


class Workload(NamedTuple):
    """One workload; `pod` is its template, or itself: what has `metadata` and `spec`. It may be changed."""

    kind: str
    name: str
    namespace: str
    pod: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"

    @property
    def containers(self) -> list[str]:
        """The names of its containers."""
        return [str(one.get("name", "")) for one in self.pod["spec"]["containers"]]

    def is_named(self, wanted: str) -> bool:
        """Whether KIND/NAME, in whatever case of the kind, or NAME, means this one."""
        kind, slash, name = wanted.rpartition("/")
        return name == self.name and (not slash or kind.lower() == self.kind.lower())


def objects(data: object) -> Iterator[dict[str, Any]]:
    """The objects of a document: itself, or the items of a list."""
    if isinstance(data, dict):
        kind = data.get("kind")
        if isinstance(kind, str) and kind.endswith("List") and isinstance(data.get("items"), list):
            for item in data["items"]:
                yield from objects(item)
        else:
            yield data


def workloads(data: object, origin: str) -> Iterator[Workload]:
    """Those of a document; raises ManifestError where one is not as Kubernetes wants it."""
    for one in objects(data):
        kind = one.get("kind")
        if kind in PODS:
            yield _workload(one, str(kind), origin)


def _workload(one: dict[str, Any], kind: str, origin: str) -> Workload:
    metadata = _mapping(one, "metadata", f"{kind} in {origin}")
    name, namespace = _text(metadata, "name", "generateName").rstrip("-"), _text(metadata, "namespace")
    what = f"{kind}/{name} in {origin}"
    if not name:
        raise ManifestError(
            f"{what}: metadata.name is missing, or is no text", remedy="give it a name, a number in quotes"
        )
    pod, path = one, ""
    for key in PODS[kind]:
        path = f"{path}.{key}".lstrip(".")
        pod = _mapping(pod, key, what, path)
    _mapping(pod, "spec", what, f"{path}.spec".lstrip("."))
    shapes.check(pod, what)
    return Workload(kind, name, namespace, pod)


def _text(metadata: dict[str, Any], *keys: str) -> str:
    """The first of them that is a text; numbers are none, nor are lists."""
    return next((one for key in keys if isinstance(one := metadata.get(key), str)), "")


def _mapping(parent: dict[str, Any], key: str, what: str, path: str = "") -> dict[str, Any]:
    found = parent.get(key)
    if not isinstance(found, dict):
        said = "is missing" if found is None else f"is {found!r}"
        raise ManifestError(f"{what}: {path or key} {said}", remedy="it must be a mapping")
    return found
