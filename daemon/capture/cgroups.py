"""What control groups (v1 and v2) say of a process: its limits, and whether it is frozen."""

from collections.abc import Iterator
from pathlib import Path

PROC, CGROUPS = Path("/proc"), Path("/sys/fs/cgroup")
_NO_LIMIT_BYTES = 2**62  # what v1 says without one is a little less than 2**63


def cpu_quota(pid: int | str = "self", proc: Path = PROC, mounted: Path = CGROUPS) -> float | None:
    """How many cores its control groups leave it; None where there is no limit."""
    found = []
    for folder in _folders(pid, "cpu", proc, mounted):
        for group in _upwards(folder, mounted):
            found += [*_quota_v2(group), *_quota_v1(group)]
    return min(found, default=None)


def frozen(pid: int | str, proc: Path = PROC, mounted: Path = CGROUPS) -> bool:
    """Whether it is frozen, as far as its control groups can be seen from here."""
    for folder in _folders(pid, "freezer", proc, mounted):
        if "frozen 1" in _text(folder / "cgroup.events").splitlines():
            return True
        if _text(folder / "freezer.state").strip() in ("FROZEN", "FREEZING"):
            return True
    return False


def memory_limit_bytes(pid: int | str = "self", proc: Path = PROC, mounted: Path = CGROUPS) -> int | None:
    """How much memory its control groups allow; None where there is no limit."""
    files = _files("memory", ("memory.max", "memory.limit_in_bytes"), pid, proc, mounted)
    limits = (int(said) for said in map(_text, files) if said.strip().isdigit())
    return min((limit for limit in limits if limit < _NO_LIMIT_BYTES), default=None)


def processes_left(pid: int | str = "self", proc: Path = PROC, mounted: Path = CGROUPS) -> int | None:
    """How many more processes and threads its control groups allow; None where there is no limit."""
    left = []
    for file in _files("pids", ("pids.max",), pid, proc, mounted):
        most, now = _text(file).strip(), _text(file.with_name("pids.current")).strip()
        if most.isdigit() and now.isdigit():
            left.append(int(most) - int(now))
    return min(left, default=None)


def _files(
    controller: str, names: tuple[str, ...], pid: int | str, proc: Path, mounted: Path
) -> Iterator[Path]:
    for folder in _folders(pid, controller, proc, mounted):
        for group in _upwards(folder, mounted):
            yield from (group / name for name in names)


def _folders(pid: int | str, controller: str, proc: Path, mounted: Path) -> Iterator[Path]:
    """Where its groups for a controller are: of v1, and of v2, which is mounted alone or beside v1.

    In a container the path may be the host's, which is not here: then the container's own group stands at
    the mount.
    """
    for line in _text(proc / str(pid) / "cgroup").splitlines():
        _, names, path = (*line.split(":", 2), "", "")[:3]
        inside = path.lstrip("/")
        if not names:
            for root in (mounted / "unified", mounted):
                if (root / "cgroup.controllers").exists():
                    yield _there(root, inside)
        elif controller in names.split(","):
            for root in (mounted / names, mounted / controller):
                if root.exists():
                    yield _there(root, inside)
                    break


def _there(root: Path, inside: str) -> Path:
    return root / inside if ".." not in Path(inside).parts and (root / inside).exists() else root


def _upwards(folder: Path, mounted: Path) -> Iterator[Path]:
    while folder != mounted.parent:
        yield folder
        folder = folder.parent


def _quota_v2(group: Path) -> Iterator[float]:
    quota, _, period = _text(group / "cpu.max").strip().partition(" ")
    if quota.isdigit() and period.isdigit():
        yield int(quota) / int(period)


def _quota_v1(group: Path) -> Iterator[float]:
    quota, period = (_text(group / f"cpu.cfs_{name}_us").strip() for name in ("quota", "period"))
    if quota.isdigit() and period.isdigit():  # -1: no limit
        yield int(quota) / int(period)


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:  # not this version, not mounted, or gone meanwhile
        return ""
