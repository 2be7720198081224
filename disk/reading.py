"""Files of ours, read as what they should be: whatever else is there takes neither time nor memory."""

import errno
import os
import stat
from pathlib import Path

MOST_BYTES = 64 * 2**20  # more than any file that is read as a whole has


def content(path: Path, most_bytes: int = MOST_BYTES) -> bytes:
    """The bytes of a file; raises OSError for a link, a FIFO, a device, a folder, and one too large."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "no regular file", str(path))
        if found.st_size > most_bytes:
            raise OSError(errno.EFBIG, "larger than any of ours", str(path))
        return file.read(found.st_size)  # no buffer for the most that there may be


def set_aside(path: Path) -> None:
    """Make room for a new file where a damaged one, or none, stands; raises OSError."""
    path.replace(path.with_name(f"{path.name}.damaged"))
