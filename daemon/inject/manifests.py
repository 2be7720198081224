"""A stream of manifests with loopcam in one workload, and without it in any."""

import copy
from collections.abc import Iterator, Sequence
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
from daemon.inject.workloads import KINDS, Workload, objects, workloads
from model.errors import ConfigError, Fault

_MARK = pods.RECORD


class _Read(NamedTuple):
    """A document that may concern us, as data, which is changed in place."""

    document: Document
    data: dict[str, Any]


def removed(text: str, wanted: str = "") -> str:
    """The manifests without what `injected` put in; with KIND/NAME, without that workload's only."""
    parts = list(_parts(text))
    of = None if not wanted else [one for _, one in _known(parts) if one.is_named(wanted)]
    if of == []:
        raise ManifestError(f"no workload {wanted} in these manifests", remedy=_there_are(parts))
    for _, workload in _known(parts):
        if of is None or workload in of:
            pods.remove(workload.pod)
    return joined([_text(one) for one in _without_config_maps(parts, of)])


def injected(text: str, values: Values, wanted: str = "") -> str:
    """The manifests with the sidecar in the workload that has the target's container; raises LoopcamError.

    `wanted` is KIND/NAME, where several have such a container. What was injected there before is replaced.
    """
    if not values.enabled:
        return removed(text, wanted)
    parts = list(_parts(text))
    read, workload = _chosen(parts, values.target, wanted)
    pods.remove(workload.pod)
    place = _place(read, workload)
    parts = _without_config_maps(parts, [workload])
    _check_free(parts, workload)
    values = msgspec.structs.replace(values, target=values.target or workload.containers[0])
    try:
        values = filled(values, workload)
        check(values)
    except ConfigError as error:
        where = f"{workload} in {read.document.origin}"
        raise ConfigError([_at(where, one) for one in error.faults]) from None
    made = config_maps.config_map(values, workload)
    pods.add(workload, Injection(values, config_maps.name(workload)))
    return _as_yaml(joined(list(_with(parts, read, made, place))))


def _place(read: _Read, workload: Workload) -> int:
    """Where in its list a workload's ConfigMap stands, or will."""
    items = read.data.get("items")
    items = items if isinstance(items, list) else []
    ours = (
        place
        for place, one in enumerate(items)
        if isinstance(one, dict) and config_maps.is_ours(one) and config_maps.is_of(one, workload)
    )
    return next(ours, len(items))


def _with(parts: list[Document | _Read], read: _Read, made: dict[str, Any], place: int) -> Iterator[str]:
    """The texts of all, with one more object behind this one's, or in this place of its list."""
    listed = isinstance(read.data.get("items"), list)
    if listed:
        read.data["items"].insert(place, made)
    for one in parts:
        yield _text(one)
        if one is read and not listed:
            yield f"---\n{written.document(made)}"


def _as_yaml(text: str) -> str:
    """A stream that begins with JSON is read by kubectl as JSON to its end, unless it begins with a mark."""
    return f"---\n{text}" if text.lstrip().startswith("{") and "\n---\n" in text else text


def _check_free(parts: list[Document | _Read], workload: Workload) -> None:
    """Of two ConfigMaps of one name the cluster would keep the later: a daemon would read another's."""
    name = config_maps.name(workload)
    for one in parts:
        data: object = one.data if isinstance(one, _Read) else None
        document = one.document if isinstance(one, _Read) else one
        if data is None and "ConfigMap" in document.kinds and name in document.text:
            node = composed(document.text, document.origin)
            data = None if node is None else plain(node, document.origin)
        if any(config_maps.is_called(each, name, workload.namespace) for each in objects(data)):
            raise ManifestError(
                f"{workload} needs a ConfigMap {name}, and {document.origin} has one of that name already",
                remedy="rename the workload or that ConfigMap: of workloads of one name, or of one beginning "
                "of 55 characters, only one in a namespace can have loopcam",
            )


def _at(where: str, one: Fault) -> Fault:
    return Fault(f"{where}: {one.path}", one.value, one.rule, one.hint)


def _parts(text: str) -> Iterator[Document | _Read]:
    """All documents, those of interest read."""
    for document in documents(text):
        kinds = document.kinds
        ours = _MARK in document.text and "ConfigMap" in kinds
        node = None
        if kinds & KINDS or ours or any(kind.endswith("List") for kind in kinds):
            node = composed(document.text, document.origin)
        data = None if node is None else plain(node, document.origin)
        yield _Read(document, data) if isinstance(data, dict) else document


def _without_config_maps(
    parts: list[Document | _Read], of: Sequence[Workload] | None
) -> list[Document | _Read]:
    """Without our ConfigMaps for these workloads; for None, for any."""

    def goes(data: object) -> bool:
        if not isinstance(data, dict) or not config_maps.is_ours(data):
            return False
        return of is None or any(config_maps.is_of(data, workload) for workload in of)

    for one in parts:
        if isinstance(one, _Read) and isinstance(one.data.get("items"), list):
            one.data["items"] = [each for each in one.data["items"] if not goes(each)]
    return [one for one in parts if not (isinstance(one, _Read) and goes(one.data))]


def _text(one: Document | _Read) -> str:
    if isinstance(one, Document):
        return one.text
    return spliced(one.document.text, one.data, one.document.origin)


def _known(parts: list[Document | _Read]) -> list[tuple[_Read, Workload]]:
    reads = [one for one in parts if isinstance(one, _Read)]
    return [(one, workload) for one in reads for workload in workloads(one.data, one.document.origin)]


def _chosen(parts: list[Document | _Read], target: str, wanted: str) -> tuple[_Read, Workload]:
    """The one workload that is meant."""
    found = [pair for pair in _known(parts) if not wanted or pair[1].is_named(wanted)]
    found = [pair for pair in found if not target or target in _containers(pair[1])]
    if len(found) == 1 and (target or len(_containers(found[0][1])) == 1):
        return found[0]
    what = f"container {target}" if target else "workload"
    what += f" in {wanted}" if wanted else ""
    if found:
        seen = "; ".join(f"{one}: {', '.join(_containers(one))}" for _, one in found)
        remedy = "choose one: --workload KIND/NAME" if len(found) > 1 else "choose one: --target CONTAINER"
        raise ManifestError(f"several could be meant by {what}: {seen}", remedy=remedy)
    raise ManifestError(f"no {what} in these manifests", remedy=_there_are(parts))


def _there_are(parts: list[Document | _Read]) -> str:
    seen = "; ".join(f"{one}: {', '.join(_containers(one))}" for _, one in _known(parts))
    return f"--target is the name of a container: there are {seen}" if seen else "there is no workload at all"


def _containers(workload: Workload) -> list[str]:
    """Those that are not ours."""
    pod = copy.deepcopy(workload.pod)
    pods.remove(pod)
    return workload._replace(pod=pod).containers
