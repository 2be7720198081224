"""Which generations are to be read, in order: those that nobody has read yet, and where reading was left."""

import asyncio
import contextlib
import os
import zlib
from collections.abc import Sequence

from daemon.sources.log.readers.file.family import Named
from daemon.sources.log.readers.file.opened import Opened
from daemon.sources.log.readers.file.packed import Packed, head_of, text_bytes
from daemon.sources.log.readers.file.prints import TAIL_BYTES
from daemon.sources.log.readers.file.siblings import Siblings
from daemon.sources.log.readers.file.whereabouts import FilePlace, Known

TELLING_BYTES = 64  # what is shorter may be equal by chance
_COUNTED = 2**32  # gzip files tell the length of their text modulo this


def unread(siblings: Siblings, known: Sequence[Known], files: Sequence[Opened]) -> list[Named]:
    """The generations that hold what was not read, oldest first; `files` are those being read."""
    return [
        one
        for one in siblings.named
        if not any(one.inode == file.inode for file in files)
        and not _read_before(one, siblings.text(one), known)
        and not any(_repeats(one, siblings, file) for file in files)
    ]


def rank(file: Opened, siblings: Siblings) -> int:
    """Where in the order of generations a file, or its packed form, is; what is gone was the oldest."""
    if (found := siblings.rank(file.inode)) is not None:
        return found
    packed = (at for at, one in enumerate(siblings.named) if one.packed and _repeats(one, siblings, file))
    return next(packed, -1)


def copied(file: Opened, siblings: Siblings, known: Sequence[Known], files: Sequence[Opened]) -> bool:
    """Whether an older generation begins with what was read of a file, and goes on otherwise than it does."""
    older = siblings.named[: max(0, rank(file, siblings))]
    for one in unread(siblings, known, files):
        if one not in older:
            continue
        _, head = siblings.text(one)
        own = os.pread(file.fileno(), len(head), 0)
        if len(head) >= file.offset and head[: file.offset] == own[: file.offset] and head != own:
            return True
    return False


async def find(place: FilePlace, siblings: Siblings, files: Sequence[Opened]) -> Opened | None:
    """The generation in which reading was left, ready to be read on; the same inode is the likeliest."""
    candidates = sorted(siblings.named, key=lambda one: one.inode != place.inode)
    for one in candidates:
        if any(one.inode == file.inode for file in files):
            continue
        with contextlib.suppress(OSError, zlib.error):
            file = siblings.open(one)
            if await _reach(file, place):
                return file
            file.close()
    return None


async def _reach(file: Opened, place: FilePlace) -> bool:
    """Bring a file to a place, if it holds what was read up to there."""
    if not isinstance(file, Packed):
        if fits := file.fits(place):
            file.seek(place.offset)
        return fits
    if not place.head.matches(head_of(file.fileno(), place.head.length)):
        return False
    for _ in file.pass_over(place.offset):
        await asyncio.sleep(0)
    return file.fits(place)


def _read_before(one: Named, text: tuple[int, bytes], known: Sequence[Known]) -> bool:
    size_bytes, head = text
    return any(
        before.head.matches(head)
        and (one.inode == before.inode or size_bytes % _COUNTED == before.size_bytes % _COUNTED)
        for before in known
        if before.size_bytes or (one.packed and not head)  # of a damaged one there is nothing else to know
    )


def _repeats(one: Named, siblings: Siblings, file: Opened) -> bool:
    """Whether a generation is a copy of a file that is being read anyway."""
    if isinstance(file, Packed):
        return False
    with contextlib.suppress(OSError), contextlib.closing(siblings.open(one)) as other:
        own_bytes = os.fstat(file.fileno()).st_size
        if one.packed:
            head = head_of(other.fileno(), TAIL_BYTES)
            same_size = text_bytes(other.fileno()) == own_bytes % _COUNTED
            return same_size and os.pread(file.fileno(), len(head), 0) == head
        both = min(own_bytes, one.size_bytes)
        length = min(both, TAIL_BYTES)
        return both >= TELLING_BYTES and all(
            os.pread(other.fileno(), length, at) == os.pread(file.fileno(), length, at)
            for at in (0, both - length)
        )
    return False
