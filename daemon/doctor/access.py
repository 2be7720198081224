"""Whether the kernel lets a sampler look at a process: its own rules (`ptrace(2)`), over facts."""

from collections.abc import Iterator
from enum import StrEnum

from daemon.doctor.facts import SYS_PTRACE, Own, Subject, UserNamespace, sampler_rights


class Obstacle(StrEnum):
    """What stands in the way."""

    USER = "user"
    GROUP = "group"
    DUMPABLE = "dumpable"
    CAPABILITIES = "capabilities"
    USER_NAMESPACE = "user_namespace"
    YAMA = "yama"
    YAMA_OFF = "yama_off"  # nobody may, until the machine starts again
    PIDFD = "pidfd"
    PYTHON_FILES = "python_files"


def obstacles(own: Own, target: Subject) -> tuple[Obstacle, ...]:
    """Everything that forbids it, empty when it is allowed."""
    found = tuple(_of_the_kernel(own, target))
    if not own.pidfd:
        found += (Obstacle.PIDFD,)
    return found or ((Obstacle.PYTHON_FILES,) if target.unreadable else ())


def capable(own: Own, target: Subject) -> bool:
    """Whether a sampler has CAP_SYS_PTRACE where the target is."""
    inside = target.user_namespace is not UserNamespace.OUTSIDE
    return inside and bool(sampler_rights(own).effective & SYS_PTRACE)


def _of_the_kernel(own: Own, target: Subject) -> Iterator[Obstacle]:
    if own.yama.scope == 3:
        yield Obstacle.YAMA_OFF
    if capable(own, target):
        return
    ours, theirs = sampler_rights(own), target.rights
    if set(theirs.uids) != {ours.uids[0]}:
        yield Obstacle.USER
    elif set(theirs.gids) != {ours.gids[0]}:
        yield Obstacle.GROUP
    if target.dumpable is False:
        yield Obstacle.DUMPABLE
    if target.user_namespace is UserNamespace.OUTSIDE:
        yield Obstacle.USER_NAMESPACE
    elif target.user_namespace is UserNamespace.OURS and theirs.permitted & ~ours.permitted:
        yield Obstacle.CAPABILITIES
    if own.yama.scope in (1, 2):
        yield Obstacle.YAMA
