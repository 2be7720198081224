"""The ConfigMap of an injected workload, as a document of its own or in its list."""

from typing import Any

from daemon.inject import written
from daemon.inject.configuration import configuration
from daemon.inject.pods import RECORD
from daemon.inject.values import Values
from daemon.inject.workloads import Workload

_LONGEST_NAME = 55  # as the chart: with its suffix within a label's 63
_LONGEST_LABEL = 63  # a workload's name may have 253


def name(workload: Workload) -> str:
    """What it is called."""
    return f"{workload.name[:_LONGEST_NAME].rstrip('-.')}-loopcam"


def config_map(values: Values, workload: Workload) -> dict[str, Any]:
    """The whole object."""
    metadata: dict[str, Any] = {"name": name(workload)}
    if workload.namespace:
        metadata["namespace"] = workload.namespace
    metadata["labels"] = {
        "app.kubernetes.io/name": "loopcam",
        "app.kubernetes.io/instance": workload.name[:_LONGEST_LABEL].rstrip("-."),
        "app.kubernetes.io/managed-by": "loopcam-inject",
    }
    metadata["annotations"] = {RECORD: str(workload)}
    data = {"loopcam.yaml": written.document(configuration(values))}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def is_ours(one: dict[str, Any]) -> bool:
    """Whether `loopcam inject` made this object."""
    metadata = one.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    return one.get("kind") == "ConfigMap" and isinstance(annotations, dict) and RECORD in annotations


def is_called(one: dict[str, Any], wanted: str, namespace: str) -> bool:
    """Whether it is a ConfigMap of this name, whoever made it."""
    metadata = one.get("metadata")
    if one.get("kind") != "ConfigMap" or not isinstance(metadata, dict):
        return False
    return metadata.get("name") == wanted and (metadata.get("namespace") or "") == namespace


def is_of(one: dict[str, Any], workload: Workload) -> bool:
    """Whether one of ours belongs to this workload."""
    metadata = one["metadata"]
    same_space = (metadata.get("namespace") or "") == workload.namespace
    return same_space and bool(metadata["annotations"][RECORD] == f"{workload}")
