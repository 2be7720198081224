"""Where we run: in a pod, in another container, as a systemd unit, or started by hand."""

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from daemon.doctor.facts import Place
from daemon.targets import procfs

_KUBELET = "/kubelet/pods/"  # where a pod's volumes, and its /etc/hosts, lie on the node
_SERVICE = re.compile(r"^\d+:(?:name=systemd)?:(?:/.*)?/([^/]+\.service)(?:/[^/]+)?$")


def container(environ: Mapping[str, str] = os.environ) -> str:
    """`kubernetes`, `docker`, `podman`, `container`, or nothing."""
    mounts = _mounts()
    if environ.get("KUBERNETES_SERVICE_HOST") or any(_KUBELET in one[3] for one in mounts):
        return "kubernetes"
    if environ.get("POD_NAME") and environ.get("POD_NAMESPACE"):  # `podman kube play`, by a pod's manifest
        return "kubernetes"
    for mark, name in (("/.dockerenv", "docker"), ("/run/.containerenv", "podman")):
        if Path(mark).exists():
            return name
    overlaid = any(one[4] == "/" and "overlay" in one[one.index("-") :] for one in mounts)
    return "container" if overlaid else ""


def unit(environ: Mapping[str, str] = os.environ) -> str:
    """The systemd unit that we are, or nothing: a login shell is a scope, and no unit of ours."""
    if "INVOCATION_ID" not in environ:
        return ""
    return unit_of((procfs.PROC / "self" / "cgroup").read_text().splitlines())


def unit_of(groups: Iterable[str]) -> str:
    """The service in the lines of /proc/PID/cgroup; a user's manager is none."""
    found = (_SERVICE.match(line) for line in groups)
    return next((one[1] for one in found if one and not one[1].startswith("user@")), "")


def place(container: str, unit: str) -> Place:
    """Whose lines mend it here."""
    if container == "kubernetes":
        return Place.KUBERNETES
    if unit:
        return Place.SYSTEMD
    return Place.CONTAINER if container else Place.HAND


def file_system(path: Path) -> str:
    """The type of the file system that a folder lies on, such as tmpfs; empty where it cannot be seen."""
    above = [one for one in _mounts() if path.is_relative_to(one[4])]
    deepest = max(above, key=lambda one: len(Path(one[4]).parts), default=None)
    return deepest[deepest.index("-") + 1] if deepest else ""


def _mounts() -> list[list[str]]:
    """Lines of mountinfo: the fourth field is the root within the file system, the fifth the place."""
    try:
        lines = (procfs.PROC / "self" / "mountinfo").read_text().splitlines()
    except OSError:
        return []
    return [line.split() for line in lines]
