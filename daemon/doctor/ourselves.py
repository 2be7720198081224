"""What there is to say of ourselves and where we run, over facts."""

from collections.abc import Iterator

from daemon.doctor import remedies, rungs
from daemon.doctor.facts import Own, Place
from daemon.doctor.findings import Finding, Level, Remedy

_YAMA = {
    None: (Level.OK, "Yama is not built in", ""),
    0: (Level.OK, "kernel.yama.ptrace_scope is 0", ""),
    1: (Level.NOTE, "kernel.yama.ptrace_scope is 1", "CAP_SYS_PTRACE is needed, for the same user too"),
    2: (Level.NOTE, "kernel.yama.ptrace_scope is 2", "CAP_SYS_PTRACE is needed, for the same user too"),
    3: (Level.PROBLEM, "kernel.yama.ptrace_scope is 3", "nobody may look into a process on this machine"),
}
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
    yield from rungs.judged(own)
    level, what, why = _YAMA.get(own.yama.scope, _YAMA[3])
    yield Finding(check="yama", level=level, what=what, why=why)
    if not own.user_namespace_initial:
        why = "only processes of this namespace can be looked at, by root too"
        yield Finding(check="user_namespace", level=Level.NOTE, what="in a user namespace", why=why)
    if not own.pidfd:
        what, why = "pidfd_open does not work here", "loopcam pins every process by it"
        mend = remedies.pidfd()
        yield Finding(check="pidfd", level=Level.PROBLEM, what=what, why=why, remedy=mend)


def _surroundings(own: Own) -> Iterator[Finding]:
    what = f"in a container ({own.container})" if own.container else "not in a container"
    yield Finding(check="container", level=Level.OK, what=f"{what}; {_PLACES[own.place]}{own.unit}")
    yield _seccomp(own.rights.seccomp)
    if own.others_visible:
        yield Finding(check="pid_namespace", level=Level.OK, what="other programs are to be seen")
        return
    what, why = "no other program is to be seen", "this PID namespace holds loopcam alone"
    if own.place is Place.KUBERNETES:
        why += ": without shareProcessNamespace: true each container of a pod has one of its own"
    mend = remedies.shared_processes()
    yield Finding(check="pid_namespace", level=Level.WARNING, what=what, why=why, remedy=mend)


_PLACES = {
    Place.KUBERNETES: "mended by the pod's manifest",
    Place.CONTAINER: "mended by the flags that start it",
    Place.SYSTEMD: "a systemd unit: ",
    Place.HAND: "started by hand",
}


def _seccomp(mode: int) -> Finding:
    if not mode:
        return Finding(check="seccomp", level=Level.OK, what="no seccomp filter (mode 0)")
    why = "those of Docker 20.10.10, containerd 1.7 and Kubernetes (RuntimeDefault) allow to look"
    return Finding(check="seccomp", level=Level.NOTE, what=f"a seccomp filter is on (mode {mode})", why=why)


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
