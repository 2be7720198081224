"""A recording, in blocks of whole lines: a file, a compressed one, or standard input."""

import gzip
import stat
import sys
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from daemon.replay.history import HEAD
from model.errors import LoopcamError

BLOCK_BYTES = 256 * 1024
_GZIP = b"\x1f\x8b"
_NO_LOGS = ((stat.S_ISDIR, "a directory"), (stat.S_ISCHR, "a device"), (stat.S_ISBLK, "a device"))


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The recorded text; raises LoopcamError when it cannot be read."""
    try:
        if str(path) == "-":
            yield sys.stdin.buffer
            return
        _must_end(path)  # before opening: that can have effects on a device
        with path.open("rb") as file:
            packed = file.read(len(_GZIP)) == _GZIP
            file.seek(0)
            yield cast(BinaryIO, gzip.GzipFile(fileobj=file)) if packed else file
    except (OSError, EOFError, zlib.error) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise LoopcamError(f"{path}: {why}", remedy="give a log, also one that gzip packed, or -") from error


def _must_end(path: Path) -> None:
    """Raises OSError for what is no log; a FIFO may be one."""
    mode = path.stat().st_mode
    for is_kind, kind in _NO_LOGS:
        if is_kind(mode):
            raise OSError(kind)


def kind(file: BinaryIO) -> str:
    """The kind of source whose recording it is, by its beginning."""
    peek = getattr(file, "peek", None)  # what is opened here, and standard input, can
    begin = peek(len(HEAD)) if peek is not None else b""
    return "metrics" if begin.lstrip().startswith(HEAD) else "log"


def blocks(file: BinaryIO) -> Iterator[bytes]:
    """Its text, cut after ends of lines; a line longer than a block is cut anywhere."""
    while block := file.read(BLOCK_BYTES):
        if not block.endswith(b"\n"):
            block += file.readline(BLOCK_BYTES)
        yield block


def written_s(path: Path) -> float:
    """When it was last written (Unix time); now for standard input."""
    try:
        return path.stat().st_mtime
    except OSError:
        return time.time()
