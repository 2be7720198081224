"""What there is to say of a process that may be a target, over facts."""

from collections.abc import Iterator

from daemon.doctor import remedies, rungs
from daemon.doctor.access import Obstacle, obstacles
from daemon.doctor.facts import Own, Subject, named, sampler_rights
from daemon.doctor.findings import Finding, Level, Remedy
from model.units import counted

NEWEST, OLDEST = (3, 13), (3, 3)  # that py-spy 0.4 knows, besides 2.7

_RUNTIMES = {
    "pypy": ("it is PyPy", "samplers know the memory of CPython only", "run the loop on CPython"),
    "go": (
        "it is a Go program",
        "samplers know the memory of CPython only",
        "a Go program has net/http/pprof",
    ),
    "static": (
        "it is a statically linked program without Python",
        "samplers know the memory of CPython only",
        "choose the Python process itself",
    ),
    "other": ("no Python is loaded in it", "samplers know the memory of CPython only", ""),
}


def judged(own: Own, target: Subject, subject: str) -> tuple[Finding, ...]:
    """All findings about one process."""
    return (*_rights(own, target, subject), *_runtime(target, subject), *_state(target, subject))


def _rights(own: Own, target: Subject, subject: str) -> Iterator[Finding]:
    found = obstacles(own, target)
    for obstacle in found:
        what, why = _words(obstacle, own, target)
        mend = remedies.remedy(obstacle, own, target)
        yield Finding(check=obstacle, level=Level.PROBLEM, what=what, why=why, remedy=mend, subject=subject)
    if not found:
        yield Finding(check="access", level=Level.OK, what=_allowed(own, target), subject=subject)


def _allowed(own: Own, target: Subject) -> str:
    if set(target.rights.uids) == {own.rights.uids[0]} and set(target.rights.gids) == {own.rights.gids[0]}:
        return f"the same user and group ({_who(target)}): looking is allowed"
    return "CAP_SYS_PTRACE allows to look"


def _who(target: Subject) -> str:
    return f"{target.rights.uids[0]}:{target.rights.gids[0]}"


def _words(obstacle: Obstacle, own: Own, target: Subject) -> tuple[str, str]:
    """What it is, and why it matters."""
    ours = f"{own.rights.uids[0]}:{own.rights.gids[0]}"
    lacking = named(target.rights.permitted & ~sampler_rights(own).permitted)
    return {
        Obstacle.USER: (
            f"it runs as user {_who(target)}, loopcam as {ours}",
            "only the same user and group, or CAP_SYS_PTRACE, may look into a process" + _lost(own),
        ),
        Obstacle.GROUP: (
            f"it runs in group {target.rights.gids[0]}, loopcam in {own.rights.gids[0]}",
            "the same user is not enough: the group must be the same too, or CAP_SYS_PTRACE be held"
            + _lost(own),
        ),
        Obstacle.DUMPABLE: (
            "it is not dumpable",
            "it changed its user, was made from a file that others may not read, or asked for it "
            "(PR_SET_DUMPABLE): then CAP_SYS_PTRACE is needed",
        ),
        Obstacle.CAPABILITIES: (
            f"it holds capabilities that a sampler of ours does not: {lacking}",
            "who holds less may not look into who holds more, without CAP_SYS_PTRACE" + _lost(own),
        ),
        Obstacle.USER_NAMESPACE: (
            "it lies outside our user namespace",
            "capabilities count within one's own user namespace only, root's too",
        ),
        Obstacle.YAMA: (
            f"kernel.yama.ptrace_scope is {own.yama.scope}",
            "where it is 1 or 2, CAP_SYS_PTRACE is needed for the same user's processes too",
        ),
        Obstacle.YAMA_OFF: (
            "kernel.yama.ptrace_scope is 3",
            "nobody may look into a process on this machine",
        ),
        Obstacle.PIDFD: (
            "pidfd_open does not work here",
            "loopcam pins a process by it, so that a number reused never means another process",
        ),
        Obstacle.PYTHON_FILES: (
            f"files of its Python cannot be read: {', '.join(target.unreadable[:3])}",
            "a sampler finds the interpreter's data by them" + _closed(target),
        ),
    }[obstacle]


def _closed(target: Subject) -> str:
    """Which folders are in the way."""
    return f"; closed to us: {', '.join(target.closed)}" if target.closed else ""


def _lost(own: Own) -> str:
    """Why a capability that seems to be there is not the sampler's."""
    return "".join(f"; {why}" for why in rungs.lost(own))


def _runtime(target: Subject, subject: str) -> Iterator[Finding]:
    runtime = target.runtime
    if runtime.kind == "unknown":
        return
    if runtime.kind in _RUNTIMES:
        what, why, mend = _RUNTIMES[runtime.kind]
        inner = ", ".join(f"--pid {child}" for child in target.python_children[:5])
        mend = f"choose the Python process itself: {inner}" if inner else mend or "choose the Python process"
        yield _finding("runtime", Level.PROBLEM, what, why, subject, mend)
        return
    version = runtime.version
    text = ".".join(map(str, version or ())) or "of an unknown version"
    if version and version != (2, 7) and not OLDEST <= version <= NEWEST:
        why = f"py-spy knows CPython 2.7, and {_dotted(OLDEST)} to {_dotted(NEWEST)}"
        yield _finding("runtime", Level.WARNING, f"CPython {text}", why, subject, "pip install -U py-spy")
        return
    what = f"CPython {text}, {counted(target.threads, 'thread')}"
    yield Finding(check="runtime", level=Level.OK, what=what, subject=subject)


def _dotted(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))


def _state(target: Subject, subject: str) -> Iterator[Finding]:
    if target.state == "T":
        why = "a capture gives one look at its stacks, and says target_stopped"
        go_on = f"kill -CONT {target.pid}  # once you know who stopped it"
        yield _finding("state", Level.WARNING, "it is stopped (SIGSTOP)", why, subject, go_on)
    if target.frozen:
        why = "a capture gives one look at its stacks, and says target_stopped"
        thaw = "docker unpause NAME, or write THAWED to its freezer.state (v1), 0 to its cgroup.freeze (v2)"
        yield _finding("state", Level.WARNING, "its control group is frozen", why, subject, thaw)
    if target.tracer:
        why = "looking works; a sampler with `blocking: true` would be refused"
        what = f"process {target.tracer} traces it"
        yield Finding(check="tracer", level=Level.NOTE, what=what, why=why, subject=subject)
    if target.inner_pid_namespace:
        what = "it lives in a PID namespace below ours: its own number for itself is another one"
        why = "a pidfile that it writes does not name it here: select it by `match`"
        yield Finding(check="pid_namespace", level=Level.NOTE, what=what, why=why, subject=subject)


def _finding(check: str, level: Level, what: str, why: str, subject: str, command: str) -> Finding:
    return Finding(
        check=check, level=level, what=what, why=why, remedy=Remedy(command=command), subject=subject
    )
