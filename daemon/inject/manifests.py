"""A stream of manifests with loopcam in one workload, and without it in any."""

import copy
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from daemon.inject import config_maps, pods, written
from daemon.inject.checks import check
from daemon.inject.errors import ManifestError
from daemon.inject.filled import filled
from daemon.inject.plain import composed, plain
from daemon.inject.pods import Injection
from daemon.inject.splice import spliced
from daemon.inject.stream import Document, documents, joined
from daemon.inject.values import Values
from daemon.inject.workloads import KINDS, Workload, workloads
from model.errors import ConfigError, Fault

_MARK = pods.RECORD


class _Read(NamedTuple):
    """A document that may concern us, as data that is free of us."""

    document: Document
    data: dict[str, Any]


def removed(text: str) -> str:
    """The manifests without anything that `injected` put in."""
    return joined([_text(one) for one in _cleaned(text)])


def injected(text: str, values: Values, wanted: str = "") -> str:
    """The manifests with the sidecar in the workload that has the target's container; raises LoopcamError.

    `wanted` is KIND/NAME, where several have such a container. What was injected before is replaced.
    """
    if not values.enabled:
        return removed(text)
    parts = list(_cleaned(text))
    read, workload = _chosen(parts, values.target, wanted)
    values = msgspec.structs.replace(values, target=values.target or workload.containers[0])
    try:
        values = filled(values, workload)
        check(values)
    except ConfigError as error:
        where = f"{workload} in {read.document.origin}"
        raise ConfigError([_at(where, one) for one in error.faults]) from None
    made = config_maps.config_map(values, workload)
    pods.add(workload, Injection(values, config_maps.name(workload)))
    listed = isinstance(read.data.get("items"), list)
    if listed:
        read.data["items"].append(made)
    texts = []
    for one in parts:
        texts.append(_text(one))
        if one is read and not listed:
            texts.append(f"---\n{written.document(made)}")
    return joined(texts)


def _at(where: str, one: Fault) -> Fault:
    return Fault(f"{where}: {one.path}", one.value, one.rule, one.hint)


def _cleaned(text: str) -> Iterator[Document | _Read]:
    """All documents, those of interest read, and our own ConfigMaps left out."""
    for document in documents(text):
        ours = _MARK in document.text
        kinds = document.kinds
        if not (
            kinds & KINDS or any(kind.endswith("List") for kind in kinds) or (ours and "ConfigMap" in kinds)
        ):
            yield document
            continue
        node = composed(document.text, document.origin)
        data = None if node is None else plain(node, document.origin)
        if not isinstance(data, dict):
            yield document
        elif not config_maps.is_ours(data):
            yield _Read(document, _freed(data, document.origin))


def _freed(data: dict[str, Any], origin: str) -> dict[str, Any]:
    made = copy.deepcopy(data)
    if isinstance(made.get("items"), list):
        made["items"] = [
            one for one in made["items"] if not (isinstance(one, dict) and config_maps.is_ours(one))
        ]
    for workload in workloads(made, origin):
        pods.remove(workload.pod)
    return made


def _text(one: Document | _Read) -> str:
    if isinstance(one, Document):
        return one.text
    return spliced(one.document.text, one.data, one.document.origin)


def _chosen(parts: list[Document | _Read], target: str, wanted: str) -> tuple[_Read, Workload]:
    """The one workload that is meant."""
    reads = [one for one in parts if isinstance(one, _Read)]
    known = [(one, workload) for one in reads for workload in workloads(one.data, one.document.origin)]
    found = [pair for pair in known if not wanted or pair[1].is_named(wanted)]
    found = [pair for pair in found if not target or target in pair[1].containers]
    if len(found) == 1 and (target or len(found[0][1].containers) == 1):
        return found[0]
    what = f"container {target}" if target else "workload"
    what += f" in {wanted}" if wanted else ""
    if found:
        seen = "; ".join(f"{one}: {', '.join(one.containers)}" for _, one in found)
        remedy = "choose one: --workload KIND/NAME" if len(found) > 1 else "choose one: --target CONTAINER"
        raise ManifestError(f"several could be meant by {what}: {seen}", remedy=remedy)
    seen = "; ".join(f"{one}: {', '.join(one.containers)}" for _, one in known)
    remedy = (
        f"--target is the name of a container: there are {seen}" if seen else "there is no workload at all"
    )
    raise ManifestError(f"no {what} in these manifests", remedy=remedy)
