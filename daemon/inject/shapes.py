"""What we touch in a pod is as Kubernetes wants it, so that nobody further in need ask."""

from collections.abc import Callable
from typing import Any

from daemon.inject.errors import ManifestError

_LISTS = ("volumeMounts", "env", "ports")
_FLAGS = ("shareProcessNamespace", "hostNetwork", "hostPID")


def check(pod: dict[str, Any], what: str) -> None:
    """Raises ManifestError with the field; `pod` is a template, or a pod itself."""
    metadata, spec = pod.get("metadata"), pod["spec"]
    _is(metadata, _mapping, what, "metadata")
    for key in ("labels", "annotations"):
        _is((metadata or {}).get(key), _mapping, what, f"metadata.{key}")
    for key in _FLAGS:
        _is(spec.get(key), _flag, what, f"spec.{key}")
    for key in ("containers", "initContainers", "volumes"):
        _is(spec.get(key), _named, what, f"spec.{key}")
    for key in ("securityContext", "os", "nodeSelector"):
        _is(spec.get(key), _mapping, what, f"spec.{key}")
    if not spec.get("containers"):
        raise ManifestError(f"{what}: spec.containers has no container", remedy="a pod has at least one")
    for one in (*spec["containers"], *(spec.get("initContainers") or ())):
        _container(one, f"{what}: container {one['name']}")


def _container(one: dict[str, Any], what: str) -> None:
    for key in _LISTS:
        _is(one.get(key), _items, what, key)
    context = one.get("securityContext")
    _is(context, _mapping, what, "securityContext")
    _is((context or {}).get("capabilities"), _mapping, what, "securityContext.capabilities")


def _is(found: object, wanted: Callable[[object], bool], what: str, path: str) -> None:
    if found is not None and not wanted(found):
        raise ManifestError(f"{what}: {path} is {_short(found)}", remedy=f"it must be {_WORDS[wanted]}")


def _short(found: object) -> str:
    text = repr(found)
    return text if len(text) <= 60 else f"{text[:60]}..."


def _mapping(found: object) -> bool:
    return isinstance(found, dict)


def _flag(found: object) -> bool:
    return isinstance(found, bool)


def _items(found: object) -> bool:
    return isinstance(found, list) and all(isinstance(one, dict) for one in found)


def _named(found: object) -> bool:
    return isinstance(found, list) and all(
        isinstance(one, dict) and isinstance(one.get("name"), str) for one in found
    )


_WORDS: dict[Callable[[object], bool], str] = {
    _mapping: "a mapping",
    _flag: "true or false, without quotes",
    _items: "a list of mappings",
    _named: "a list of mappings, each with a `name`, which is a text",
}
