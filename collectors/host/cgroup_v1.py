"""Control groups of the first version: a folder for each controller."""

from contextlib import suppress
from pathlib import Path

from collectors.host.cgroup_v2 import PERIODS, ROOT
from collectors.host.cgroups import Group, number, pairs
from collectors.host.files import NotReadError, Reading, text
from model.signals import Name

NS_PER_S = 1e9
_NO_LIMIT_BYTES = 2**62  # without one it says a little less than 2**63
_THROTTLING = (Name.CGROUP_THROTTLED, Name.CGROUP_THROTTLED_PERIODS)


def cpu(group: Group, into: Reading) -> None:
    """Its tightest quota, of itself or a group above, and the throttling of the group that has it."""
    quotas = [(quota, folder) for folder in group.upwards() if (quota := _quota(folder)) is not None]
    folder = min(quotas)[1] if quotas else group.folder
    if quotas:
        into.put(Name.CGROUP_CPU_QUOTA, min(quotas)[0], "cpu.cfs_quota_us")
    else:
        into.missing[Name.CGROUP_CPU_QUOTA] = "no CPU limit is set"
    into.attempt(_THROTTLING, f"{folder}/cpu.stat", lambda: _throttled(folder, into))


def _throttled(folder: str, into: Reading) -> None:
    told = pairs(f"{folder}/cpu.stat")
    into.put(Name.CGROUP_THROTTLED, told["throttled_time"] / NS_PER_S, "cpu.stat")
    into.put(Name.CGROUP_THROTTLED_PERIODS, told["nr_throttled"], "cpu.stat")
    into.put(PERIODS, told["nr_periods"], "cpu.stat")


def memory(group: Group, into: Reading) -> None:
    """Used, the tightest limit, and processes killed for lack of memory."""
    path = f"{group.folder}/memory.usage_in_bytes"
    into.attempt(
        (Name.CGROUP_MEMORY,),
        path,
        lambda: into.put(Name.CGROUP_MEMORY, number(path), "memory.usage_in_bytes"),
    )
    limits = []
    for folder in group.upwards():
        with suppress(OSError, ValueError, NotReadError):
            limits.append(number(f"{folder}/memory.limit_in_bytes"))
    limit = min(limits, default=_NO_LIMIT_BYTES)
    if limit < _NO_LIMIT_BYTES:
        into.put(Name.CGROUP_MEMORY_LIMIT, limit, "memory.limit_in_bytes")
    else:
        into.missing[Name.CGROUP_MEMORY_LIMIT] = "no memory limit is set"
    control = f"{group.folder}/memory.oom_control"
    into.attempt(
        (Name.CGROUP_OOM_KILLS,),
        control,
        lambda: into.put(Name.CGROUP_OOM_KILLS, pairs(control)["oom_kill"], "memory.oom_control oom_kill"),
    )


def frozen(group: Group, into: Reading) -> None:
    """Whether it is frozen, or about to be."""
    path = f"{group.folder}/freezer.state"
    if group.folder == group.top and not Path(path).exists():
        into.missing[Name.CGROUP_FROZEN] = ROOT
        return
    into.attempt((Name.CGROUP_FROZEN,), path, lambda: _state(path, into))


def _state(path: str, into: Reading) -> None:
    into.put(Name.CGROUP_FROZEN, text(path).strip() in ("FROZEN", "FREEZING"), "freezer.state")


def _quota(folder: str) -> float | None:
    try:
        quota, period = (text(f"{folder}/cpu.cfs_{name}_us").strip() for name in ("quota", "period"))
    except OSError:
        return None
    return int(quota) / int(period) if quota.isdigit() and period.isdigit() else None
