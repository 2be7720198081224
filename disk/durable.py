"""Files that are there whole or not at all, also after a power cut."""

import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

FILE_MODE = 0o600
DIR_MODE = 0o700
_SIDE_BY_SIDE = 4  # files
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW


def make_dir(path: Path, *, sync: bool = False) -> Path:
    """Make a directory that only its owner can read, and its missing parents; with `sync` durably."""
    for missing in reversed([p for p in (path, *path.parents) if not p.exists()]):
        missing.mkdir(mode=DIR_MODE, exist_ok=True)
        if sync:
            sync_dir(missing.parent)
    return path


def write_atomic(path: Path, data: bytes, *, sync: bool = True) -> None:
    """Replace `path` by a file with this content; a reader sees the old or the new one, never a part.

    Without `sync` that holds for readers, but not after a power cut; it waits for no disk.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(_new(temporary), "wb") as file:
            file.write(data)
            if sync:
                file.flush()
                os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    if sync:
        sync_dir(path.parent)


def _new(path: Path) -> int:
    """A file that was not there; what lies in its place is a leftover of ours, or somebody else's trap."""
    try:
        return os.open(path, _CREATE, FILE_MODE)
    except FileExistsError:
        path.unlink()
        return os.open(path, _CREATE, FILE_MODE)


def link(source: Path, to: Path) -> None:
    """Give a file of ours that is never changed in place another name, or a copy where that cannot be.

    Raises OSError, FileNotFoundError where there is no such file.
    """
    if not stat.S_ISREG(source.lstat().st_mode):
        raise OSError(errno.EINVAL, "no regular file", str(source))
    try:
        os.link(source, to)
    except (FileNotFoundError, FileExistsError):
        raise
    except OSError:  # another file system, or one that knows no second name
        shutil.copyfile(source, to)
        to.chmod(FILE_MODE)


def sync_dir(path: Path) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(path: Path) -> None:
    """Make the content of a file durable; raises OSError.

    Where the disk failed, it is written anew: a kernel tells of a lost page once, and the next sync succeeds.
    """
    try:
        _sync(path)
    except OSError:
        copy = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        try:
            shutil.copy(path, copy)
            _sync(copy)
            copy.replace(path)
        finally:
            copy.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_files(paths: Sequence[Path]) -> None:
    """Make the content of files durable, side by side: then one write of the disk's journal does for many."""
    with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
        try:
            found = pool.map(sync_file, paths)
        except RuntimeError:  # no thread is to be had
            found = map(sync_file, paths)
        for _ in found:
            pass


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def size_bytes(path: Path) -> int:
    """The bytes of all files below a path."""
    return _size_bytes(os.fspath(path))


def _size_bytes(folder: str) -> int:
    with os.scandir(folder) as found:  # a tenth of what pathlib takes: a start measures every report
        return sum(
            _size_bytes(one.path)
            if one.is_dir(follow_symlinks=False)
            else one.stat(follow_symlinks=False).st_size
            for one in found
        )
