"""Folders below a root, made and opened step by step so that no symbolic link leads outside."""

import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from disk.durable import DIR_MODE, FILE_MODE
from model.errors import SinkError

LOCK_FILE = ".loopcam.lock"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Be the only writer below `root`, so that a temporary folder met here is always a left-over."""
    descriptor = os.open(root / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, FILE_MODE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def folder(root: Path, names: Sequence[str]) -> Iterator[int]:
    """A descriptor of the folder `names` below `root`, made where missing, durable when left.

    Raises SinkError where a symbolic link or a file stands in the way.
    """
    here = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for name in names:
            inner = _step(here, name, root)
            os.close(here)
            here = inner
        yield here
        os.fsync(here)
    finally:
        os.close(here)


def _step(here: int, name: str, root: Path) -> int:
    with suppress(FileExistsError):  # what it is shows when it is opened
        os.mkdir(name, DIR_MODE, dir_fd=here)
        os.fsync(here)
    try:
        return os.open(name, _FOLDER, dir_fd=here)
    except NotADirectoryError as error:  # also for a symbolic link
        raise in_the_way(root, name) from error


def in_the_way(root: Path, name: str) -> SinkError:
    """What to say of a symbolic link or a file where a folder should be."""
    return SinkError(
        f"{name!r} below {root} is a symbolic link or a file: nothing is written through it",
        retry=False,
        remedy="remove it, or set `path` to where the reports are meant to be",
    )


def write_file(here: int, name: str, content: BinaryIO) -> None:
    """Copy into a new file that only its owner can read, and make it durable."""
    with open(os.open(name, _NEW_FILE, FILE_MODE, dir_fd=here), "wb") as file:
        shutil.copyfileobj(content, file, 1 << 20)
        file.flush()
        os.fsync(file.fileno())


def swap_in(here: int, new: str, name: str, aside: str) -> None:
    """Put the folder `new` in the place of `name`; what was there comes back when that fails."""
    there = name in os.listdir(here)
    if there:
        os.rename(name, aside, src_dir_fd=here, dst_dir_fd=here)
    try:
        os.rename(new, name, src_dir_fd=here, dst_dir_fd=here)
    except OSError:
        if there:
            os.rename(aside, name, src_dir_fd=here, dst_dir_fd=here)
        raise
    os.fsync(here)
    if there:
        shutil.rmtree(aside, dir_fd=here)
