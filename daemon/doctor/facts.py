"""What bears upon the right to look at a process, as plain data."""

from enum import StrEnum

import msgspec

SYS_PTRACE = 1 << 19


class Rights(msgspec.Struct, frozen=True, kw_only=True):
    """What a process may, as /proc/PID/status has it: ids are real, effective, saved; capabilities bits."""

    uids: tuple[int, int, int]
    gids: tuple[int, int, int]
    permitted: int = 0
    effective: int = 0
    inheritable: int = 0
    bounding: int = 0
    ambient: int = 0
    no_new_privs: bool = False
    seccomp: int = 0  # the mode: 0 none, 1 strict, 2 a filter


class UserNamespace(StrEnum):
    """Where a process's user namespace lies, seen from ours."""

    OURS = "ours"
    BELOW = "below"
    OUTSIDE = "outside"


class Yama(msgspec.Struct, frozen=True):
    """`kernel.yama.ptrace_scope`; `None` where the kernel was built without Yama."""

    scope: int | None = None


class Place(StrEnum):
    """How loopcam is run here, which decides what lines mend something."""

    KUBERNETES = "kubernetes"
    CONTAINER = "container"
    SYSTEMD = "systemd"
    HAND = "hand"


class Own(msgspec.Struct, frozen=True, kw_only=True):
    """Ourselves and where we run."""

    rights: Rights
    yama: Yama = Yama()
    program: str = ""  # the sampler's
    file_capabilities: int = 0  # that it brings
    file_capabilities_forced: bool = False  # it cannot be started without them
    place: Place = Place.HAND
    unit: str = ""  # of systemd
    pidfd: bool = True
    user_namespace_initial: bool = True
    container: str = ""  # kubernetes, docker, podman, container, or nothing
    others_visible: bool = True  # processes that are neither our ancestors nor our children
    cpus_quota: float | None = None  # of our cgroup
    memory_limit_bytes: int | None = None  # of our cgroup
    processes_left: int | None = None  # of our cgroup
    files_limit: int = 1024  # RLIMIT_NOFILE
    clock_offset_s: float = 0.0  # of a time namespace
    preloaded: str = ""  # LD_PRELOAD
    wall_s: float = 1.8e9


class Runtime(msgspec.Struct, frozen=True, kw_only=True):
    """What runs in a process: cpython, pypy, go, static, other, or unknown where it cannot be seen."""

    kind: str = "unknown"
    version: tuple[int, int] | None = None


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """A process that may be a target."""

    pid: int
    name: str
    rights: Rights
    user_namespace: UserNamespace = UserNamespace.OURS
    inner_pid_namespace: bool = False
    dumpable: bool | None = None  # None: a process of root does not show it
    state: str = "S"
    frozen: bool = False  # by its control group
    tracer: int = 0
    threads: int = 1
    runtime: Runtime = Runtime()
    unreadable: tuple[str, ...] = ()  # of its Python's files
    closed: tuple[str, ...] = ()  # the folders above them that we may not enter
    python_children: tuple[int, ...] = ()


def sampler_rights(own: Own) -> Rights:
    """The rights of a program that we start: capabilities change when a process executes another (execve)."""
    ours = own.rights
    gained = own.file_capabilities & ours.bounding
    if ours.uids[1] == 0:  # root's programs have every capability as theirs
        gained |= ours.bounding | ours.inheritable
    permitted = gained | (0 if own.file_capabilities else ours.ambient)
    if ours.no_new_privs:
        permitted &= ours.permitted
    return msgspec.structs.replace(ours, permitted=permitted, effective=permitted)


def named(capabilities: int) -> str:
    """A set of capabilities in words."""
    names = [name for bit, name in enumerate(_NAMES) if capabilities >> bit & 1]
    if len(names) == len(_NAMES):
        return "all"
    return ", ".join(names) if len(names) <= 6 else f"{len(names)} of {len(_NAMES)}"


_TEXT = """
CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE
NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT
SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP
MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE
"""
_NAMES = tuple(_TEXT.split())
