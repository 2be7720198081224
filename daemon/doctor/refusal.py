"""Why the kernel refuses to let a process be looked at, in one sentence, for a daemon's log and status."""

from daemon.doctor import gather, process
from daemon.doctor.findings import Level
from model.errors import TargetError


def explained(pid: int) -> str:
    """What stands in the way, as far as it can be seen; empty where nothing does, or the process is gone."""
    try:
        found = process.judged(gather.own(), gather.subject(pid), "")
    except TargetError:
        return ""
    return "; ".join(one.what for one in found if one.level is Level.PROBLEM and one.check != "runtime")
