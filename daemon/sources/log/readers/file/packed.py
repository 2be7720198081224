"""A generation that was compressed by gzip: read once, in bounded pieces."""

import contextlib
import os
import struct
import zlib
from collections.abc import Iterator

from daemon.sources.log.readers.file.opened import CHUNK_BYTES, Opened
from daemon.sources.log.readers.file.whereabouts import FilePlace

_GZIP = 31  # zlib's number for a gzip header
_READ_BYTES = 64 * 1024
MOST_TRIED_BYTES = 256 * 1024
_MOST_DENSE = 64  # what is packed more densely is no log


class Packed(Opened):
    """Offsets are those of the text. It reads forward only."""

    packed = True

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor, grows=False)
        self._at = 0  # in the file
        self._inflate = zlib.decompressobj(_GZIP)
        self._over = False
        self._broken: zlib.error | None = None  # why nothing comes after what is ahead
        self._ahead = b""  # inflated, but not taken yet

    def behind_bytes(self) -> int:
        """How much is yet to be read, as far as the file tells (it counts 4 GiB at most)."""
        return 0 if self._over else max(1, text_bytes(self.fileno()) - self.offset)

    def read(self) -> bytes:
        """The next bytes, none at the end; after the last whole line of a damaged one raises zlib.error."""
        while len(self._ahead) < CHUNK_BYTES and not self._over and self._broken is None:
            try:
                self._inflate_more()
            except zlib.error as error:
                self._broken = error
        if self._broken is None or len(self._ahead) >= CHUNK_BYTES:
            return self._ahead
        if lines := self._ahead[: self._ahead.rfind(b"\n") + 1]:
            return lines
        raise self._broken

    def verify(self) -> None:
        """Nobody cuts it."""

    def taken(self, data: bytes, pending_bytes: int) -> None:
        """These bytes were handed on; so many of the last are no whole line yet."""
        super().taken(data, pending_bytes)
        self._ahead = self._ahead[len(data) :]

    def pass_over(self, offset: int) -> Iterator[None]:
        """Go on to an offset, or to the end where that comes before, by one piece at a time."""
        while self.offset < offset and (data := self.read()[: offset - self.offset]):
            self.taken(data, 0)
            yield

    def seek(self, offset: int) -> None:
        """Not possible: read, and take, as far as that."""
        raise NotImplementedError

    def fits(self, place: FilePlace) -> bool:
        """Whether it holds what was read of a file, once read that far."""
        head = self._head[: place.head.length]
        tail = self._tail[len(self._tail) - place.tail.length :] if place.tail.length else b""
        return self.offset == place.offset and place.head.matches(head) and place.tail.matches(tail)

    def _inflate_more(self) -> None:
        waiting = self._inflate.unconsumed_tail or self._more()
        text = self._inflate.decompress(waiting, CHUNK_BYTES - len(self._ahead))
        self._ahead += text
        if self._inflate.eof:
            self._next_member()
        elif not waiting and not text:
            raise zlib.error("it is cut short")

    def _more(self) -> bytes:
        data = os.pread(self.fileno(), _READ_BYTES, self._at)
        self._at += len(data)
        return data

    def _next_member(self) -> None:
        """Members may follow each other in one; zeros after the last are padding."""
        rest = self._inflate.unused_data or self._more()
        if not rest.strip(b"\0"):
            self._over = True
            return
        self._inflate = zlib.decompressobj(_GZIP)
        self._at -= len(rest)


def text_bytes(descriptor: int) -> int:
    """How long the text of a gzip file is, modulo 4 GiB, as its last four bytes tell."""
    size = os.fstat(descriptor).st_size
    last = os.pread(descriptor, 4, max(0, size - 4))
    return int(struct.unpack("<I", last)[0]) if len(last) == 4 else 0


def whole(descriptor: int) -> bool:
    """Whether a small file is all there; a large one is not looked through, and is not known to be."""
    if os.fstat(descriptor).st_size > MOST_TRIED_BYTES:
        return False
    file = Packed(os.dup(descriptor))
    with contextlib.closing(file), contextlib.suppress(zlib.error):
        for _ in file.pass_over(MOST_TRIED_BYTES * _MOST_DENSE):
            pass
        return True
    return False


def head_of(descriptor: int, most: int) -> bytes:
    """The first bytes of its text, as far as it can be read."""
    try:
        return zlib.decompressobj(_GZIP).decompress(os.pread(descriptor, _READ_BYTES, 0), most)
    except zlib.error:
        return b""
