"""Folders that reports wait in and go to: writable, and with room for what they may grow to."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec

from daemon.baseline.samples import MOST_BYTES as HEALTHY_BYTES
from daemon.config.settings import Config
from daemon.doctor import whereabouts
from daemon.doctor.bounds import NEEDED_BYTES
from daemon.doctor.facts import Own, Place
from daemon.doctor.findings import Finding, Level, Remedy
from daemon.doctor.permitted import may
from daemon.spool.place import place
from disk.durable import size_bytes
from model.errors import SpoolError
from model.units import ByteSize

_LEAST_BYTES = 64 * 2**20  # of room: a few reports
_FILLED = 0.8  # of an emptyDir's sizeLimit: above it the whole pod is evicted, a little late
_WHY = "a report is kept on disk before it goes anywhere"


class Folder(msgspec.Struct, frozen=True, kw_only=True):
    """A folder of a configuration, and the most that may come to lie in it."""

    path: Path
    check: str
    subject: str
    most_bytes: int | None  # None: no bound in bytes


def folders(config: Config) -> list[Folder]:
    """The spool's, and those of sinks."""
    most_bytes = config.spool.max_bytes + _watched_bytes(config)
    found = [Folder(path=_spool(config.spool.path), check="spool", subject="spool", most_bytes=most_bytes)]
    for part in config.sinks:
        if isinstance(path := getattr(part.options, "path", None), Path):
            most = getattr(part.options, "max_bytes", None)
            found.append(Folder(path=path, check="sink", subject=f"sink {part.name}", most_bytes=most))
    return found


def _watched_bytes(config: Config) -> int:
    """What lies in the spool beside reports: the dashcam's rings, one a target, and healthy samples."""
    cameras = [(one.dashcam, len(one.address)) for one in config.targets if one.dashcam.mode != "off"]
    rings = sum(dashcam.max_bytes * max(1, addresses) for dashcam, addresses in cameras)
    return rings + HEALTHY_BYTES if rings else 0


def judged(config: Config, own: Own) -> Iterator[Finding]:
    """All findings about folders, each by itself and those of one file system together."""
    found = folders(config)
    if found[0].path != config.spool.path:
        yield _of_another_user(config.spool.path, found[0].path)
    yield from map(_folder, found)
    together: dict[int, list[Folder]] = {}
    for one in found:
        together.setdefault(nearest(one.path).stat().st_dev, []).append(one)
    for those in together.values():
        yield from _room(those, own)
    yield from _temporary()


def nearest(path: Path) -> Path:
    """The folder itself, or the nearest above it that is there."""
    return next(one for one in (path, *path.parents) if os.path.lexists(one))


def _spool(path: Path) -> Path:
    """Where the daemon would have it; one that cannot be looked into is told of later."""
    try:
        return place(path)
    except (OSError, SpoolError):
        return path


def _of_another_user(path: Path, ours: Path) -> Finding:
    what = f"{path} is another user's: {ours} is used instead"
    why = "reports that it still owes wait there; uid 0 without DAC_OVERRIDE is kept out like anybody"
    uid, gid = os.geteuid(), os.getegid()
    mend = Remedy(
        kubernetes="# it was made under another `privilege`: a new pod has a new emptyDir",
        command=f"chown -R {uid}:{gid} {path}",
    )
    return Finding(check="spool", level=Level.WARNING, what=what, why=why, remedy=mend, subject="spool")


def _folder(folder: Folder) -> Finding:
    there = nearest(folder.path)
    if not there.is_dir():
        return _problem(folder, f"{there} is no folder", _WHY, Remedy())
    if os.statvfs(there).f_flag & os.ST_RDONLY:
        return _problem(folder, f"{there} is on a read-only file system", _WHY, _volume(folder.path))
    if not may(there, os.W_OK | os.X_OK):
        return _not_writable(folder, there)
    free_bytes = _free_bytes(there)
    made = "" if there == folder.path else f", made below {there}"
    what = f"{folder.path}: {ByteSize(free_bytes)} free{made}"
    if free_bytes < _LEAST_BYTES:
        mend = Remedy(command=f"df -h {there}  # make room, or set another path")
        return _problem(folder, what, "too little", mend)
    return Finding(check=folder.check, level=Level.OK, what=what, subject=folder.subject)


def _problem(folder: Folder, what: str, why: str, mend: Remedy) -> Finding:
    return Finding(
        check=folder.check, level=Level.PROBLEM, what=what, why=why, remedy=mend, subject=folder.subject
    )


def _volume(path: Path) -> Remedy:
    """What gives us a folder to write to where the root is read-only."""
    name, mounted = ("loopcam-state", path.parent) if path.parent != Path("/") else ("loopcam-data", path)
    own = "StateDirectory=loopcam" if mounted == Path("/var/lib/loopcam") else f"ReadWritePaths={mounted}"
    return Remedy(
        kubernetes=f"volumes:  # of the pod\n  - {{name: {name}, emptyDir: {{sizeLimit: 1Gi}}}}\n"
        f"volumeMounts:  # of loopcam's container\n  - {{name: {name}, mountPath: {mounted}}}",
        systemd=f"[Service]\n{own}",
        docker=f"--volume loopcam:{mounted}  # or --tmpfs {mounted}",
        command=f"mount -o remount,rw {nearest(path)}, or set another path",
    )


def _unit_line(path: Path, made: str) -> str:
    """What gives a unit this folder: only one's own state systemd makes by itself."""
    if Path("/var/lib/loopcam") in path.parents:
        return "StateDirectory=loopcam  # makes /var/lib/loopcam"
    return f"ReadWritePaths={path}  # after: {made}"


def _not_writable(folder: Folder, there: Path) -> Finding:
    status, uid, gid = there.stat(), os.geteuid(), os.getegid()
    owner = f"  runAsUser: {status.st_uid}\n  runAsGroup: {status.st_gid}"
    if there == folder.path:
        mend = Remedy(
            kubernetes="# made under another `privilege`: a new pod has a new emptyDir. Or as its owner:\n"
            f"securityContext:\n{owner}",
            systemd=f"[Service]\nUser={status.st_uid}\nGroup={status.st_gid}",
            docker=f"--user {status.st_uid}:{status.st_gid}",
            command=f"chown -R {uid}:{gid} {there}",
        )
    else:
        made = f"install -d -m 700 -o {uid} -g {gid} {folder.path}"
        mend = Remedy(
            kubernetes=f"securityContext:  # of the pod\n  fsGroup: {gid}",
            systemd=f"[Service]\n{_unit_line(folder.path, made)}",
            docker=f"--volume loopcam:{folder.path.parent} --user {status.st_uid}:{status.st_gid}",
            command=made,
        )
    what = f"{there} is of {status.st_uid}:{status.st_gid}, mode {status.st_mode & 0o7777:o}"
    what += f": not ours to write ({uid}:{gid})"
    lacking = "; uid 0 without DAC_OVERRIDE is refused like anybody: spool and sockets must be its own"
    return _problem(folder, what, _WHY + (lacking if uid == 0 else ""), mend)


def _room(those: list[Folder], own: Own) -> Iterator[Finding]:
    """Whether what may come to lie on one file system fits onto it."""
    there = nearest(those[0].path)
    if not there.is_dir():
        return
    most_bytes = sum(one.most_bytes or 0 for one in those)
    named = " and ".join(one.subject for one in those if one.most_bytes)
    held_bytes = sum(_held_bytes(one.path) for one in those if one.most_bytes)
    room_bytes = _free_bytes(there) + held_bytes
    if room_bytes < most_bytes:
        what = f"{named} may grow to {ByteSize(most_bytes)}, and there is room for {ByteSize(room_bytes)}"
        mend = Remedy(
            command=f"set spool.max_bytes and the sinks' max_bytes to {ByteSize(room_bytes // 2)} in all"
        )
        why = "the disk would be full first"
        yield Finding(check="space", level=Level.WARNING, what=what, why=why, remedy=mend, subject="spool")
    yield from _in_memory(there, most_bytes, own)
    if own.place is Place.KUBERNETES:
        yield from _evicting(those, most_bytes)


def _in_memory(there: Path, most_bytes: int, own: Own) -> Iterator[Finding]:
    limit_bytes = own.memory_limit_bytes
    if limit_bytes is None or whereabouts.file_system(there) != "tmpfs":
        return
    if most_bytes + NEEDED_BYTES > limit_bytes:
        what = f"{there} lies in memory, and may take {ByteSize(most_bytes)} of our {ByteSize(limit_bytes)}"
        why = f"it counts against our limit, of which a capture needs {ByteSize(NEEDED_BYTES)}"
        most = ByteSize(max(2**20, limit_bytes - NEEDED_BYTES))
        mend = Remedy(
            kubernetes="volumes:\n  - {name: loopcam-state, emptyDir: {sizeLimit: 1Gi}}  # not in memory",
            command=f"set spool.max_bytes and the sinks' max_bytes to {most} in all",
        )
        yield Finding(check="space", level=Level.WARNING, what=what, why=why, remedy=mend, subject="spool")


def _evicting(those: list[Folder], most_bytes: int) -> Iterator[Finding]:
    """A sizeLimit is not to be seen from inside, so it is told what it must be."""
    for one in those:
        if one.most_bytes is None:
            what = f"{one.path} has no `max_bytes`: nothing bounds it but the number of reports"
            why = "over an emptyDir's sizeLimit the whole pod is evicted, the target with it"
            mend = Remedy(command=f"set max_bytes of {one.subject}, such as 200MiB")
            yield Finding(
                check="space", level=Level.WARNING, what=what, why=why, remedy=mend, subject=one.subject
            )
    needed = ByteSize(int(most_bytes / _FILLED))
    what = f"an emptyDir here needs a sizeLimit of {needed} or more; from inside it is not to be seen"
    yield Finding(check="space", level=Level.NOTE, what=what, subject="spool")


def _temporary() -> Iterator[Finding]:
    try:
        folder = tempfile.gettempdir()
    except FileNotFoundError:
        what, why = "no temporary folder can be written", "large reports of an http sink are packed in one"
        mend = Remedy(
            kubernetes="volumes:  # of the pod\n  - {name: loopcam-tmp, emptyDir: {sizeLimit: 100Mi}}\n"
            "volumeMounts:  # of loopcam's container\n  - {name: loopcam-tmp, mountPath: /tmp}",
            systemd="[Service]\nPrivateTmp=yes",
            docker="--tmpfs /tmp",
        )
        yield Finding(check="temporary", level=Level.WARNING, what=what, why=why, remedy=mend)
        return
    yield Finding(check="temporary", level=Level.OK, what=f"{folder} can be written")


def _free_bytes(there: Path) -> int:
    status = os.statvfs(there)
    return status.f_bavail * status.f_frsize


def _held_bytes(path: Path) -> int:
    """What lies there already; a daemon that runs may just be taking it away."""
    try:
        return size_bytes(path)
    except OSError:
        return 0
