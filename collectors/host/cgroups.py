"""Where the files of the process's control groups are, as seen from here, or through its own root."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from collectors.host.files import NotReadError, text

_ESCAPED = {"\\040": " ", "\\011": "\t", "\\012": "\n", "\\134": "\\"}
OUTSIDE = (
    "its control group is outside of what is mounted here: share the cgroup namespace of the host, "
    "or the right to trace it"
)


@dataclass(frozen=True)
class _Mount:
    number: int
    root: str  # the group that it shows at its top
    at: str
    second: bool
    controllers: frozenset[str]


@dataclass(frozen=True)
class Group:
    """A folder of a control group, and the top of what is visible of the groups above it."""

    folder: str
    top: str

    def upwards(self) -> Iterator[str]:
        """It and the groups above it, as far as they can be seen."""
        folder = self.folder
        yield folder
        while folder != self.top and len(folder) > len(self.top):
            folder = folder.rpartition("/")[0]
            yield folder


@dataclass(frozen=True)
class Groups:
    """The groups of one process: of the second version, and by controller of the first."""

    second: Group | None = None
    first: dict[str, Group] = field(default_factory=dict)
    why_not: str = ""  # where there is none


def membership(pid: int, proc: str = "/proc") -> str:
    """Which groups a process is in, in the kernel's words; empty where it does not tell."""
    try:
        return text(f"{proc}/{pid}/cgroup")
    except OSError:
        return ""


def find(pid: int, told: str, proc: str = "/proc") -> Groups:
    """The groups of a process by its membership. What cannot be seen is left out, and the reason said."""
    memberships = [line.split(":", 2) for line in told.splitlines()]
    if not memberships:
        return Groups(why_not="the process is in no control group that the kernel tells of")
    second, first = None, {}
    for place, names, path in (one for one in memberships if len(one) == 3):
        if place == "0" and not names:
            second = _seen(pid, path, None, proc)
            continue
        for name in names.split(","):
            if name in ("cpu", "memory", "freezer") and (group := _seen(pid, path, name, proc)):
                first[name] = group
    return Groups(second, first, "" if second or first else OUTSIDE)


def _seen(pid: int, path: str, controller: str | None, proc: str) -> Group | None:
    """Its folder: through our own mounts, else through those of the process."""
    for whose, prefix in (("self", ""), (str(pid), f"{proc}/{pid}/root")):
        for mount in _mounts(f"{proc}/{whose}/mountinfo"):
            fits = mount.second if controller is None else controller in mount.controllers
            inside = _inside(path, mount.root) if fits else None
            if inside is None:
                continue
            top = prefix + mount.at
            folder = f"{top}/{inside}" if inside else top
            if Path(folder).is_dir() and (not prefix or _is_mount(top, mount.number)):
                return Group(folder, top)
    return None


def _inside(path: str, root: str) -> str | None:
    """The path below a mount's root; None where it lies outside."""
    root = root.rstrip("/")
    if path != root and not path.startswith(f"{root}/"):
        return None
    inside = path[len(root) :].strip("/")
    return None if ".." in inside.split("/") else inside


def _is_mount(folder: str, number: int) -> bool:
    """Whether this mount is what stands there: a foreign root may have something else over it."""
    try:
        descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return f"mnt_id:\t{number}\n" in text(f"/proc/self/fdinfo/{descriptor}")
    finally:
        os.close(descriptor)


def _mounts(path: str) -> Iterator[_Mount]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            told = file.read(1 << 20).splitlines()
    except OSError:
        return
    for line in told:
        before, _, after = line.partition(" - ")
        fields, kinds = before.split(" "), after.split(" ")
        if len(fields) < 5 or len(kinds) < 3 or kinds[0] not in ("cgroup", "cgroup2"):
            continue
        options = frozenset(kinds[2].split(","))
        yield _Mount(int(fields[0]), _plain(fields[3]), _plain(fields[4]), kinds[0] == "cgroup2", options)


def _plain(path: str) -> str:
    for escaped, meant in _ESCAPED.items():
        path = path.replace(escaped, meant)
    return path


def number(path: str) -> int:
    """A file with one number; raises OSError, and NotReadError where it says that there is no limit."""
    said = text(path).strip()
    if said in ("max", "-1"):
        raise NotReadError("no limit is set")
    return int(said)


def pairs(path: str) -> dict[str, int]:
    """Lines of a name and a number; raises OSError and ValueError."""
    found = (line.split() for line in text(path).splitlines())
    return {one[0]: int(one[1]) for one in found if len(one) == 2}
