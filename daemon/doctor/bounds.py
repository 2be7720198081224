"""What limits us here: memory, processes, descriptors, CPU time; over facts."""

from collections.abc import Iterator

from daemon.doctor.facts import Own
from daemon.doctor.findings import Finding, Level, Remedy
from model.units import ByteSize, counted

# Measured: daemon, sampler, a look, renderer and a store with boto3 took 104 MB at once (docs/doctor.md).
NEEDED_BYTES = 128 * 2**20
_LEAST_CPUS = 0.5  # below which sampling and drawing take their time
_PROCESSES = 64  # sampler, look, trial, renderer, stores: few, but with threads
_FILES, _FILES_EACH = 256, 8  # connections, and what each target takes: pidfds, logs, a capture's files


def judged(own: Own, *, targets: int = 1, blocking: bool = False) -> Iterator[Finding]:
    """All findings about our limits; `blocking` where a sampler is to stop its target."""
    yield _cpu(own, blocking=blocking)
    yield _memory(own)
    yield _processes(own)
    yield _files(own, targets)


def _cpu(own: Own, *, blocking: bool) -> Finding:
    if own.cpus_quota is None:
        return Finding(check="cpu_quota", level=Level.OK, what="no CPU quota")
    what, why = f"a CPU quota of {own.cpus_quota:g} cores", "while throttled, sampling has gaps"
    if blocking:
        why = "with `blocking: true`, a sampler that is throttled leaves the target stopped meanwhile"
    level = Level.WARNING if blocking or own.cpus_quota < _LEAST_CPUS else Level.NOTE
    mend = Remedy(
        kubernetes="resources:\n  limits: {cpu: null}  # no cpu limit\n  requests: {cpu: 100m}",
        systemd="[Service]\nCPUQuota=",
        docker="--cpus 1",
    )
    return Finding(check="cpu_quota", level=level, what=what, why=why, remedy=mend)


def _memory(own: Own) -> Finding:
    limit_bytes = own.memory_limit_bytes
    if limit_bytes is None:
        return Finding(check="memory", level=Level.OK, what="no memory limit")
    what = f"a memory limit of {ByteSize(limit_bytes)}"
    if limit_bytes >= NEEDED_BYTES:
        return Finding(check="memory", level=Level.OK, what=what)
    why = (
        f"a capture takes up to {ByteSize(NEEDED_BYTES)} with sampler, renderer and store: it would be killed"
    )
    mend = Remedy(
        kubernetes="resources:\n  limits: {memory: 256Mi}\n  requests: {memory: 64Mi}",
        systemd="[Service]\nMemoryMax=256M",
        docker="--memory 256m",
    )
    return Finding(check="memory", level=Level.WARNING, what=what, why=why, remedy=mend)


def _processes(own: Own) -> Finding:
    left = own.processes_left
    if left is None or left >= _PROCESSES:
        what = "no limit on processes" if left is None else f"room for {left} more processes and threads"
        return Finding(check="processes", level=Level.OK, what=what)
    what = f"room for only {left} more processes and threads in our control group"
    why = "a capture starts a sampler, a renderer and a store for each sink, with threads"
    mend = Remedy(
        kubernetes="# of the node: --pod-max-pids of its kubelet; or fewer processes in this pod",
        systemd="[Service]\nTasksMax=256",
        docker="--pids-limit 256",
    )
    return Finding(check="processes", level=Level.WARNING, what=what, why=why, remedy=mend)


def _files(own: Own, targets: int) -> Finding:
    needed = _FILES + _FILES_EACH * targets
    what = f"{own.files_limit} open files are allowed"
    if own.files_limit >= needed:
        return Finding(check="files", level=Level.OK, what=what)
    why = f"{needed} may be needed for {counted(targets, 'target')}: connections, logs, held processes"
    mend = Remedy(
        kubernetes="# no field of a pod sets it: raise the container runtime's LimitNOFILE on the node",
        systemd=f"[Service]\nLimitNOFILE={needed}",
        docker=f"--ulimit nofile={needed}:{needed}",
        command=f"ulimit -n {needed}",
    )
    return Finding(check="files", level=Level.WARNING, what=what, why=why, remedy=mend)
