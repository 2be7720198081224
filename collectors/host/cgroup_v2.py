"""A control group of the second version: CPU quota and throttling, memory, freezing."""

from contextlib import suppress
from pathlib import Path

from collectors.host.cgroups import Group, number, pairs
from collectors.host.files import NotReadError, Reading, text
from model.signals import Name

US_PER_S = 1e6
PERIODS = "cgroup.periods"
ROOT = "it is in the root group, which cannot be frozen"
_THROTTLING = (Name.CGROUP_THROTTLED, Name.CGROUP_THROTTLED_PERIODS)
CPU_NAMES = (Name.CGROUP_CPU_QUOTA, *_THROTTLING)
MEMORY_NAMES = (Name.CGROUP_MEMORY, Name.CGROUP_MEMORY_LIMIT, Name.CGROUP_OOM_KILLS)


def cpu(group: Group, into: Reading) -> None:
    """Its tightest quota, of itself or a group above, and the throttling of the group that has it."""
    quotas = [(quota, folder) for folder in group.upwards() if (quota := _quota(folder)) is not None]
    folder = min(quotas)[1] if quotas else group.folder
    if quotas:
        into.put(Name.CGROUP_CPU_QUOTA, min(quotas)[0], _said("cpu.max", folder, group))
    else:
        into.missing[Name.CGROUP_CPU_QUOTA] = "no CPU limit is set"
    into.attempt(_THROTTLING, "cpu.stat", lambda: _throttled(folder, group, into), f"{folder}/cpu.stat")


def _throttled(folder: str, group: Group, into: Reading) -> None:
    told = pairs(f"{folder}/cpu.stat")
    if "throttled_usec" not in told:
        raise NotReadError("its control group has no CPU controller")
    source = _said("cpu.stat", folder, group)
    into.put(Name.CGROUP_THROTTLED, told["throttled_usec"] / US_PER_S, source)
    into.put(Name.CGROUP_THROTTLED_PERIODS, told["nr_throttled"], source)
    into.put(PERIODS, told["nr_periods"], source)


def memory(group: Group, into: Reading) -> None:
    """Used, the tightest limit, and processes killed for lack of memory."""
    path = f"{group.folder}/memory.current"
    into.attempt(
        (Name.CGROUP_MEMORY,), path, lambda: into.put(Name.CGROUP_MEMORY, number(path), "memory.current")
    )
    limits = []
    for folder in group.upwards():
        with suppress(OSError, ValueError, NotReadError):
            limits.append((number(f"{folder}/memory.max"), folder))
    if limits:
        into.put(Name.CGROUP_MEMORY_LIMIT, min(limits)[0], _said("memory.max", min(limits)[1], group))
    else:
        into.missing[Name.CGROUP_MEMORY_LIMIT] = "no memory limit is set"
    events = f"{group.folder}/memory.events"
    into.attempt(
        (Name.CGROUP_OOM_KILLS,),
        events,
        lambda: into.put(Name.CGROUP_OOM_KILLS, pairs(events)["oom_kill"], "memory.events oom_kill"),
    )


def frozen(group: Group, into: Reading) -> None:
    """Whether it, or a group above it, is frozen."""
    path = f"{group.folder}/cgroup.events"
    if group.folder == group.top and not Path(path).exists():
        into.missing[Name.CGROUP_FROZEN] = ROOT
        return
    into.attempt(
        (Name.CGROUP_FROZEN,),
        path,
        lambda: into.put(Name.CGROUP_FROZEN, pairs(path)["frozen"], "cgroup.events frozen"),
    )


def _quota(folder: str) -> float | None:
    try:
        quota, _, period = text(f"{folder}/cpu.max").strip().partition(" ")
    except OSError:
        return None
    return int(quota) / int(period) if quota.isdigit() and period.isdigit() else None


def _said(file: str, folder: str, group: Group) -> str:
    return file if folder == group.folder else f"{file} of a group above its own"
