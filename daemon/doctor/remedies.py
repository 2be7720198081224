"""The exact lines that give a sampler the right to look, for each way to run loopcam."""

from collections.abc import Iterator

from daemon.doctor.access import Obstacle
from daemon.doctor.facts import Own, Subject
from daemon.doctor.findings import Remedy

_CAPABILITY = Remedy(
    kubernetes="""\
# loopcam's container. A non-root container gets no ambient capability, hence uid 0, which holds nothing else.
# By our charts and `loopcam inject`: privilege: ptrace.
# Pod Security admits SYS_PTRACE at the level `privileged` only.
securityContext:
  runAsUser: 0
  runAsNonRoot: false
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL], add: [SYS_PTRACE]}""",
    systemd="""\
[Service]
AmbientCapabilities=CAP_SYS_PTRACE
CapabilityBoundingSet=CAP_SYS_PTRACE
NoNewPrivileges=yes""",
    docker="--user 0 --cap-drop ALL --cap-add SYS_PTRACE --security-opt no-new-privileges",
    command="setpriv --reuid USER --regid GROUP --clear-groups --inh-caps=-all,+sys_ptrace "
    "--ambient-caps=-all,+sys_ptrace --bounding-set=-all,+sys_ptrace --no-new-privs loopcam ...  # as root",
)

_FILE_CAPABILITY = Remedy(
    kubernetes="""\
# `privilege: fileCap`; where Pod Security forbids it, take sameUser or ptrace
securityContext:
  allowPrivilegeEscalation: true
  capabilities: {drop: [ALL], add: [SYS_PTRACE]}""",
    systemd="[Service]\nAmbientCapabilities=CAP_SYS_PTRACE\nCapabilityBoundingSet=CAP_SYS_PTRACE",
    docker="--cap-drop ALL --cap-add SYS_PTRACE  # and no --security-opt no-new-privileges",
    command="setcap -r FILE  # and give loopcam the capability itself",
)

_SHARED_PROCESSES = Remedy(
    kubernetes="spec:\n  shareProcessNamespace: true  # of the pod; loopcam is one of its containers",
    systemd="[Service]\nProtectProc=default\nPrivateUsers=no",
    docker="--pid container:NAME_OF_THE_TARGET",
    command="run loopcam in the target's PID namespace: nsenter --target PID --pid --mount loopcam ...",
)

_USER_NAMESPACE = Remedy(
    kubernetes="spec:\n  hostUsers: true  # the same for the target and loopcam: put both into one pod",
    systemd="[Service]\nPrivateUsers=no",
    docker="podman run --userns container:NAME_OF_THE_TARGET ...  # docker: --userns host, for both",
    command="run loopcam outside of `unshare --user`, `bwrap` or a rootless container",
)

_YAMA_OFF = Remedy(
    command="rm the line kernel.yama.ptrace_scope=3 from /etc/sysctl.d, and restart the machine"
)

_PIDFD = Remedy(
    kubernetes="securityContext:\n  seccompProfile: {type: RuntimeDefault}  # of a runtime of 2021 or later",
    docker="--security-opt seccomp=PROFILE.json  # one that knows pidfd_open; Docker 20.10.10 or newer does",
    command="Linux 5.3 or newer is needed",
)


def capability() -> Remedy:
    """CAP_SYS_PTRACE and nothing else."""
    return _CAPABILITY


def file_capability() -> Remedy:
    """What the capability of the sampler's file needs to count."""
    return _FILE_CAPABILITY


def shared_processes() -> Remedy:
    """The target's PID namespace."""
    return _SHARED_PROCESSES


def pidfd() -> Remedy:
    """A kernel and a seccomp profile that know pidfd_open."""
    return _PIDFD


def sandbox() -> Remedy:
    """For a refusal by seccomp, AppArmor or SELinux, which do not show beforehand."""
    return Remedy(
        kubernetes="securityContext:\n  seccompProfile: {type: RuntimeDefault}\n"
        "  appArmorProfile: {type: Unconfined}  # or one with `ptrace (trace, read)`",
        systemd="[Service]\nSystemCallFilter=@system-service @debug",
        docker="--security-opt apparmor=unconfined --security-opt seccomp=unconfined  # to see which it is",
        command="dmesg | grep -E 'apparmor|avc|seccomp'",
    )


def remedy(obstacle: Obstacle, own: Own, target: Subject) -> Remedy:
    """The lines against one obstacle."""
    if obstacle in (Obstacle.USER, Obstacle.GROUP):
        # refused still: where Yama is on, and root that holds less than another root
        refused_still = own.yama.scope in (1, 2) or (target.rights.uids[0] == 0 and target.rights.permitted)
        return _CAPABILITY if refused_still else same_user(target)
    if obstacle is Obstacle.YAMA:
        off = "sysctl kernel.yama.ptrace_scope=0  # allows it to every process of the same user"
        return _with_command(_CAPABILITY, off) if own.yama.scope == 1 else _CAPABILITY
    if obstacle is Obstacle.PYTHON_FILES:
        return Remedy(command="\n".join(_opening(target)))
    return {
        Obstacle.USER_NAMESPACE: _USER_NAMESPACE,
        Obstacle.YAMA_OFF: _YAMA_OFF,
        Obstacle.PIDFD: _PIDFD,
    }.get(obstacle, _CAPABILITY)


def _opening(target: Subject) -> Iterator[str]:
    """What opens the files of its Python."""
    for folder in target.closed:
        yield f"chmod o+x {folder}  # or use a Python outside of it"
    for path in target.unreadable:
        if not any(path.startswith(f"{folder}/") for folder in target.closed):
            yield f"chmod o+r {path}"


def same_user(target: Subject) -> Remedy:
    """The target's own user and group, which needs no capability."""
    uid, gid = target.rights.uids[0], target.rights.gids[0]
    return Remedy(
        kubernetes="# the same two lines in the target's container and in loopcam's\n"
        f"securityContext:\n  runAsUser: {uid}\n  runAsGroup: {gid}",
        systemd=f"[Service]\nUser={uid}\nGroup={gid}",
        docker=f"--user {uid}:{gid}",
        command=f"setpriv --reuid {uid} --regid {gid} --clear-groups loopcam ...",
    )


def _with_command(remedy: Remedy, command: str) -> Remedy:
    return Remedy(kubernetes=remedy.kubernetes, systemd=remedy.systemd, docker=remedy.docker, command=command)
