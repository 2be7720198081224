"""What there is to say of ourselves and where we run, over facts."""

from collections.abc import Iterator

from daemon.doctor import remedies
from daemon.doctor.facts import SYS_PTRACE, Own, named, sampler_rights
from daemon.doctor.findings import Finding, Level, Remedy

_YAMA = {
    None: (Level.OK, "Yama is not built in", ""),
    0: (Level.OK, "kernel.yama.ptrace_scope is 0", ""),
    1: (Level.NOTE, "kernel.yama.ptrace_scope is 1", "CAP_SYS_PTRACE is needed, for the same user too"),
    2: (Level.NOTE, "kernel.yama.ptrace_scope is 2", "CAP_SYS_PTRACE is needed, for the same user too"),
    3: (Level.PROBLEM, "kernel.yama.ptrace_scope is 3", "nobody may look into a process on this machine"),
}
_LEAST_CPUS = 0.5  # below which sampling and drawing take their time
_CLOCK_FROM_S = 1_700_000_000  # a machine's clock before this was never set


def judged(own: Own) -> tuple[Finding, ...]:
    """All findings about ourselves."""
    return tuple(one for part in (_rights, _surroundings, _time) for one in part(own))


def _rights(own: Own) -> Iterator[Finding]:
    rights = own.rights
    who = f"user {rights.uids[0]}, group {rights.gids[0]}"
    if (rights.uids[0], rights.gids[0]) != (rights.uids[1], rights.gids[1]):
        who += f", in effect {rights.uids[1]}:{rights.gids[1]}"
    yield Finding(check="user", level=Level.OK, what=who)
    yield _capabilities(own)
    level, what, why = _YAMA.get(own.yama.scope, _YAMA[3])
    yield Finding(check="yama", level=level, what=what, why=why)
    if not own.user_namespace_initial:
        why = "only processes of this namespace can be looked at, by root too"
        yield Finding(check="user_namespace", level=Level.NOTE, what="in a user namespace", why=why)
    if not own.pidfd:
        what, why = "pidfd_open does not work here", "loopcam pins every process by it"
        mend = remedies.pidfd()
        yield Finding(check="pidfd", level=Level.PROBLEM, what=what, why=why, remedy=mend)


def _capabilities(own: Own) -> Finding:
    """Whether a sampler that we start has CAP_SYS_PTRACE, and if not, where it got lost."""
    rights, held = own.rights, sampler_rights(own).effective
    sets = {
        name: getattr(rights, name)
        for name in ("effective", "permitted", "inheritable", "bounding", "ambient")
    }
    holds = ", ".join(f"{name} {named(bits) or 'none'}" for name, bits in sets.items())
    if held & SYS_PTRACE:
        return Finding(check="capabilities", level=Level.OK, what=f"a sampler has CAP_SYS_PTRACE ({holds})")
    why = "without it, processes of the same user and group only"
    if rights.bounding & SYS_PTRACE and rights.uids[1]:
        why += "; it is in the bounding set, which gives a user other than root nothing"
    if rights.no_new_privs:
        why += "; no_new_privs: no file's capabilities count"
    what = f"a sampler has no CAP_SYS_PTRACE ({holds})"
    mend = remedies.capability()
    return Finding(check="capabilities", level=Level.NOTE, what=what, why=why, remedy=mend)


def _surroundings(own: Own) -> Iterator[Finding]:
    what = f"in a container ({own.container})" if own.container else "not in a container"
    yield Finding(check="container", level=Level.OK, what=what)
    if own.rights.seccomp:
        why = "those of Docker 20.10.10, containerd 1.7 and Kubernetes (RuntimeDefault) allow to look"
        yield Finding(check="seccomp", level=Level.NOTE, what="a seccomp filter is on", why=why)
    if not own.others_visible:
        what, why = "no other program is to be seen", "this PID namespace holds loopcam alone"
        mend = remedies.shared_processes()
        yield Finding(check="pid_namespace", level=Level.WARNING, what=what, why=why, remedy=mend)
    if own.cpus_quota is None:
        yield Finding(check="cpu_quota", level=Level.OK, what="no CPU quota")
        return
    small = own.cpus_quota < _LEAST_CPUS
    why = "while throttled, sampling has gaps; with `blocking: true` the target would stand still meanwhile"
    mend = Remedy(
        kubernetes="resources:\n  limits: {}  # no cpu limit\n  requests: {cpu: 100m}",
        systemd="[Service]\nCPUQuota=",
        docker="--cpus 1",
    )
    what = f"a CPU quota of {own.cpus_quota:g} cores"
    level = Level.WARNING if small else Level.NOTE
    yield Finding(check="cpu_quota", level=level, what=what, why=why, remedy=mend)


def _time(own: Own) -> Iterator[Finding]:
    if "faketime" in own.preloaded:
        what, why = f"LD_PRELOAD={own.preloaded}", "it may bend the clock that iterations are measured by"
        mend = Remedy(command="env -u LD_PRELOAD loopcam ...")
        yield Finding(check="clock", level=Level.WARNING, what=what, why=why, remedy=mend)
    elif own.wall_s < _CLOCK_FROM_S:
        what, why = "the clock was never set", "reports are named by it; durations are not measured by it"
        mend = Remedy(command="timedatectl set-ntp true")
        yield Finding(check="clock", level=Level.WARNING, what=what, why=why, remedy=mend)
    elif own.clock_offset_s:
        what = f"a time namespace, {own.clock_offset_s:g} s off"
        yield Finding(check="clock", level=Level.NOTE, what=what, why="only durations count")
    else:
        yield Finding(check="clock", level=Level.OK, what="the clocks are the machine's")
