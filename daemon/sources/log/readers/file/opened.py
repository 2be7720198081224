"""A log file that is open, and how far it was read."""

import os
import time

from daemon.sources.log.readers.file.prints import HEAD_BYTES, TAIL_BYTES, print_of
from daemon.sources.log.readers.file.whereabouts import FilePlace, Known

CHUNK_BYTES = 256 * 1024


class CutError(Exception):
    """A file no longer holds what was read of it: it was truncated, or written anew."""

    def __init__(self, file: "Opened") -> None:
        super().__init__("cut")
        self.file = file


class Opened:
    """A plain file. What is read counts only when it was `taken`."""

    packed = False

    def __init__(self, descriptor: int, *, grows: bool = True) -> None:
        """`grows`: somebody may still write to it."""
        status = os.fstat(descriptor)
        self.device, self.inode = status.st_dev, status.st_ino
        self.grows = grows
        self.grown_s = time.monotonic()
        self.offset = self._line_at = 0
        self._head = self._tail = self._line_tail = b""
        self._descriptor = descriptor
        self._looked: tuple[int, int] | None = None  # size and time of change, when all had been read

    def fileno(self) -> int:
        """Its descriptor."""
        return self._descriptor

    def same(self, status: os.stat_result) -> bool:
        """Whether this is the file of which that is the status."""
        return (self.device, self.inode) == (status.st_dev, status.st_ino)

    def deleted(self) -> bool:
        """Whether it has no name any more."""
        return os.fstat(self._descriptor).st_nlink == 0

    def changed_s(self) -> float:
        """When it was written to, in wall time."""
        return os.fstat(self._descriptor).st_mtime

    def behind_bytes(self) -> int:
        """How much is yet to be read."""
        return max(0, os.fstat(self._descriptor).st_size - self.offset)

    @property
    def mid_line(self) -> bool:
        """Whether what was taken ends within a line."""
        return self._tail[-1:] not in (b"", b"\n", b"\0")

    def seek(self, offset: int) -> None:
        """Go to the end of a whole line."""
        self.offset = self._line_at = offset
        self._head = os.pread(self._descriptor, min(HEAD_BYTES, offset), 0)
        start = max(0, offset - TAIL_BYTES)
        self._tail = self._line_tail = os.pread(self._descriptor, offset - start, start)

    def fits(self, place: FilePlace) -> bool:
        """Whether it holds, so far, what was read of a file."""
        start = place.offset - place.tail.length
        tail = os.pread(self._descriptor, place.tail.length, start)
        head = os.pread(self._descriptor, place.head.length, 0)
        return place.tail.matches(tail) and place.head.matches(head)

    def read(self) -> bytes:
        """The next bytes, none at the end; raises CutError and OSError."""
        status = os.fstat(self._descriptor)
        if (status.st_size, status.st_mtime_ns) == self._looked and status.st_size == self.offset:
            return b""
        data = os.pread(self._descriptor, CHUNK_BYTES, self.offset)
        self.verify()  # after reading: what was cut meanwhile is not handed on
        if not data:
            self._looked = status.st_size, status.st_mtime_ns
        elif data[0] == 0 and data == bytes(len(data)) and self._skip_hole(len(data)):
            return self.read()
        return data

    def verify(self) -> None:
        """See that it still holds what was read; raises CutError and OSError."""
        tail = os.pread(self._descriptor, len(self._tail), self.offset - len(self._tail))
        if tail != self._tail or os.pread(self._descriptor, len(self._head), 0) != self._head:
            raise CutError(self)

    def taken(self, data: bytes, pending_bytes: int) -> None:
        """These bytes were handed on; so many of the last are no whole line yet."""
        self.grown_s = time.monotonic()
        whole = len(data) - pending_bytes
        if whole >= 0:
            self._line_at = self.offset + whole
            self._line_tail = (self._tail + data[max(0, whole - TAIL_BYTES) : whole])[-TAIL_BYTES:]
        self._advance(data[: HEAD_BYTES - min(HEAD_BYTES, self.offset)], data[-TAIL_BYTES:], len(data))

    def place(self) -> FilePlace:
        """What is to be remembered of it: the whole lines."""
        return FilePlace(
            device=self.device,
            inode=self.inode,
            offset=self._line_at,
            head=print_of(self._head[: self._line_at]),
            tail=print_of(self._line_tail),
        )

    def reached(self) -> FilePlace:
        """The same with what was taken of the line that is not whole."""
        return FilePlace(
            device=self.device,
            inode=self.inode,
            offset=self.offset,
            head=print_of(self._head),
            tail=print_of(self._tail),
        )

    def known(self) -> Known:
        """What tells it from other generations, when it was read to its end."""
        return Known(self.inode, self.offset, print_of(self._head))

    def line_of(self, file: "Opened") -> None:
        """The line that is not whole began where it did in another file, of the same text."""
        self._line_at, self._line_tail = file._line_at, file._line_tail

    def again(self) -> None:
        """Begin anew at its start: it was cut."""
        self._looked = None
        self.seek(0)

    def close(self) -> None:
        """Let go of it."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _skip_hole(self, most: int) -> bool:
        """Go over a hole that is longer than what was read of it: it may have no end."""
        try:
            data_at = os.lseek(self._descriptor, self.offset, os.SEEK_DATA)
        except OSError:  # ENXIO: nothing but the hole
            data_at = os.fstat(self._descriptor).st_size
        if data_at <= self.offset + most:
            return False
        zeros = bytes(TAIL_BYTES)
        self._advance(bytes(max(0, HEAD_BYTES - self.offset)), zeros, data_at - self.offset)
        return True

    def _advance(self, head: bytes, tail: bytes, count: int) -> None:
        if self.offset < HEAD_BYTES:
            self._head = (self._head + head)[: min(HEAD_BYTES, self.offset + count)]
        self._tail = (self._tail + tail)[-TAIL_BYTES:]
        self.offset += count
