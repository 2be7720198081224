"""Facts about ourselves and about a process, from /proc. Nothing is judged here."""

import os
import resource
import time
from collections.abc import Iterator
from pathlib import Path

from daemon.capture.cgroups import cpu_quota, frozen, memory_limit_bytes, processes_left
from daemon.doctor import neighbours, whereabouts
from daemon.doctor.facts import Own, Rights, Subject, UserNamespace, Yama
from daemon.doctor.permitted import may
from daemon.doctor.runtime import is_of_python, runtime
from daemon.targets import procfs
from model.errors import TargetError

_YAMA = Path("/proc/sys/kernel/yama/ptrace_scope")
_WHOLE_NAMESPACE = ["0", "0", "4294967295"]
_HEAD_BYTES = 4096  # of an executable: its headers, and Go's mark


def own(program: str = "") -> Own:
    """Ourselves; `program` is the sampler's file, which may bring capabilities."""
    container, unit, attribute = whereabouts.container(), whereabouts.unit(), _attribute(program)
    return Own(
        rights=_rights(_status("self")),
        yama=Yama(int(_YAMA.read_text()) if _YAMA.exists() else None),
        program=program,
        file_capabilities=_file_capabilities(attribute),
        file_capabilities_forced=bool(attribute[:1] and attribute[0] & 1),
        pidfd=_pidfd_works(),
        user_namespace_initial=_own_map().split() == _WHOLE_NAMESPACE,
        container=container,
        place=whereabouts.place(container, unit),
        unit=unit,
        others_visible=neighbours.others_visible(),
        cpus_quota=cpu_quota(),
        memory_limit_bytes=memory_limit_bytes(),
        processes_left=processes_left(),
        files_limit=resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        clock_offset_s=_clock_offset_s(),
        preloaded=os.environ.get("LD_PRELOAD", ""),
        wall_s=time.time(),
    )


def subject(pid: int) -> Subject:
    """A process; raises TargetError when there is none that we can see."""
    try:
        status = _status(str(pid))
        rights = _rights(status)
        folder = procfs.PROC / str(pid)
        mapped = _mapped(folder)
        unreadable = tuple(_unreadable(folder, mapped))
        return Subject(
            pid=pid,
            name=status["Name"],
            rights=rights,
            user_namespace=_user_namespace(folder),
            inner_pid_namespace=len(status["NSpid"].split()) > len(_status("self")["NSpid"].split()),
            dumpable=(folder / "environ").stat().st_uid == rights.uids[1] if rights.uids[1] else None,
            state=status["State"][0],
            frozen=frozen(pid),
            tracer=int(status["TracerPid"]),
            threads=int(status["Threads"]),
            runtime=runtime(_executable(folder), mapped, _head(folder)),
            unreadable=unreadable,
            closed=tuple(_closed(folder, unreadable)),
            python_children=tuple(_python_children(folder)),
        )
    except (OSError, KeyError, ValueError) as error:
        raise TargetError(f"process {pid} does not exist") from error


def _status(pid: str) -> dict[str, str]:
    lines = (procfs.PROC / pid / "status").read_text(errors="replace").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _rights(status: dict[str, str]) -> Rights:
    uids, gids = ([int(one) for one in status[name].split()] for name in ("Uid", "Gid"))
    return Rights(
        uids=(uids[0], uids[1], uids[2]),
        gids=(gids[0], gids[1], gids[2]),
        permitted=int(status["CapPrm"], 16),
        effective=int(status["CapEff"], 16),
        inheritable=int(status["CapInh"], 16),
        bounding=int(status["CapBnd"], 16),
        ambient=int(status.get("CapAmb", "0"), 16),  # these three gVisor and old kernels do not tell
        no_new_privs=status.get("NoNewPrivs") == "1",
        seccomp=int(status.get("Seccomp", "0")),
    )


def _attribute(program: str) -> bytes:
    """A file's capabilities as it bears them (`struct vfs_cap_data`): the lowest bit says `effective`."""
    try:
        return os.getxattr(program, "security.capability") if program else b""
    except OSError:  # none, or a file system without them
        return b""


def _file_capabilities(data: bytes) -> int:
    low, high = data[4:8], data[12:16]
    return int.from_bytes(low, "little") | int.from_bytes(high, "little") << 32


def _pidfd_works() -> bool:
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError:
        return False
    return True


def _own_map() -> str:
    file = procfs.PROC / "self" / "uid_map"
    return file.read_text() if file.exists() else " ".join(_WHOLE_NAMESPACE)  # a kernel without such


def _user_namespace(folder: Path) -> UserNamespace:
    """Where its user namespace lies; where that cannot be read, its map of users tells."""
    initial = _own_map().split() == _WHOLE_NAMESPACE
    try:
        same = (folder / "ns" / "user").readlink() == (procfs.PROC / "self" / "ns" / "user").readlink()
    except PermissionError:
        same = (folder / "uid_map").read_text() == _own_map()
    if same:
        return UserNamespace.OURS
    return UserNamespace.BELOW if initial else UserNamespace.OUTSIDE


def _executable(folder: Path) -> str:
    try:
        return str((folder / "exe").readlink()).removesuffix(" (deleted)")
    except OSError:  # another user's, or none
        return ""


def _mapped(folder: Path) -> tuple[str, ...]:
    """The files that a process has loaded; none where we may not see them."""
    try:
        lines = (folder / "maps").read_text(errors="replace").splitlines()
    except OSError:
        return ()
    files = (line.split(maxsplit=5) for line in lines)
    return tuple(dict.fromkeys(file[5] for file in files if len(file) == 6 and file[5].startswith("/")))


def _head(folder: Path) -> bytes:
    try:
        with (folder / "exe").open("rb") as file:
            return file.read(_HEAD_BYTES)
    except OSError:
        return b""


def _unreadable(folder: Path, mapped: tuple[str, ...]) -> Iterator[str]:
    """Files of its Python that we may not open where it has them."""
    for path in filter(is_of_python, mapped):
        there = folder / "root" / path.removeprefix("/")
        try:
            there.stat()
        except PermissionError:
            yield path
        except OSError:  # deleted meanwhile: the sampler reads it from memory
            continue
        else:
            if not may(there, os.R_OK):
                yield path


def _closed(folder: Path, unreadable: tuple[str, ...]) -> Iterator[str]:
    """The outermost folder above each of the files that we may not enter."""
    found = (next(_barred(folder / "root", Path(path)), None) for path in unreadable)
    yield from dict.fromkeys(str(one) for one in found if one is not None)


def _barred(root: Path, path: Path) -> Iterator[Path]:
    for above in reversed(path.parents):
        try:
            enter = may(root / above.relative_to("/"), os.X_OK)
        except OSError:
            continue
        if not enter:
            yield above


def _python_children(folder: Path) -> Iterator[int]:
    for listed in folder.glob("task/*/children"):
        for child in listed.read_text().split():
            try:
                name = (procfs.PROC / child / "comm").read_text(errors="replace")
            except OSError:  # ended meanwhile
                continue
            if name.startswith(("python", "pypy", "gunicorn", "celery")):
                yield int(child)


def _clock_offset_s() -> float:
    """How far the monotonic clock of our time namespace is off the machine's."""
    file = procfs.PROC / "self" / "timens_offsets"
    lines = file.read_text().splitlines() if file.exists() else []
    return next((float(line.split()[1]) for line in lines if line.startswith("monotonic")), 0.0)
