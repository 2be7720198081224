"""The CPU quota of our own control group, in either version of them."""

from collections.abc import Iterator
from pathlib import Path

_GROUPS = Path("/sys/fs/cgroup")
_MEMBERSHIP = Path("/proc/self/cgroup")


def cpus(groups: Path = _GROUPS, membership: Path = _MEMBERSHIP) -> float | None:
    """How many cores' time we may use, the least of all groups above us; None without a quota."""
    found: list[float] = []
    for line in membership.read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if not controllers:
            found += _quotas([groups, groups / "unified"], path)
        elif "cpu" in controllers.split(","):
            found += _quotas([groups / controllers, groups / "cpu"], path)
    return min(found, default=None)


def _quotas(roots: list[Path], path: str) -> Iterator[float]:
    """Of a group and those above it; in a container the path is the host's, and the root is ours."""
    names = [name for name in path.split("/") if name not in ("", "..")]
    for root in roots:
        for depth in range(len(names) + 1):
            yield from _quota(root.joinpath(*names[:depth]))


def _quota(folder: Path) -> Iterator[float]:
    try:
        if (folder / "cpu.max").exists():
            quota, period = (folder / "cpu.max").read_text().split()
        elif (folder / "cpu.cfs_quota_us").exists():
            quota = (folder / "cpu.cfs_quota_us").read_text()
            period = (folder / "cpu.cfs_period_us").read_text()
        else:
            return
    except OSError:  # gone meanwhile
        return
    if quota.strip() != "max" and int(quota) > 0:
        yield int(quota) / int(period)
