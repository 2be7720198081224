"""The files of a log that are open, and the order in which their lines are handed on."""

import asyncio
import time
import zlib

from daemon.sources.log.contract import Piece, Take
from daemon.sources.log.readers.file.opened import CHUNK_BYTES, Opened
from daemon.sources.log.readers.file.told import Told
from daemon.sources.log.readers.file.whereabouts import Known

FRESH_BYTES = 2**20  # what is further behind the end was not written just now
LINGER_S = 10.0  # so long a writer may keep a file that was rotated
HALF_LINE_S = 2.0  # so long it may take to end a line in it
MOST_LINGERING = 16
MOST_KNOWN = 300  # well above all that are looked at, so that none is read again


class Queue:
    """Files, oldest first; the last is the one that the path means, or meant."""

    def __init__(self, told: Told) -> None:
        self.files: list[Opened] = []
        self.known: tuple[Known, ...] = ()  # generations with nothing new in them
        self.caught_up = False
        self.used = False  # whether there ever was a file
        self._told = told
        self._broken: Opened | None = None  # the file of which a line was handed on in part
        self._said_fresh = False

    async def read(self, take: Take) -> None:
        """Hand on all there is, oldest first; raises CutError and OSError."""
        for file in list(self.files):
            await self._drain(file, take)
            if file is not self.files[-1] and not self._passed(file, take):
                return  # its last line may still be ended: the next file has to wait
        self._bound_lingering(take)
        if self.files:
            self.caught_up = self.used = True
            if not self._said_fresh:
                self._said_fresh = True
                take(Piece(data=b"", fresh=True))

    def finish(self, file: Opened, take: Take) -> None:
        """A file is read for good: what is left of it is a line."""
        try:
            while rest := file.read():
                self._hand_on(file, rest, take)
        except zlib.error as error:
            self._damaged(file, error, take)
            return
        if self._broken is file:
            self.end_line(take)
        self.remember((file.known(),))
        self.drop(file)

    def drop(self, file: Opened) -> None:
        """Let go of a file."""
        self.files.remove(file)
        file.close()

    def go_on_in(self, file: Opened, copy: Opened) -> None:
        """A copy, which nobody writes to, holds what was not read of a file."""
        copy.grows = False
        self.files.append(copy)
        if self._broken is file:
            self._broken = copy
            copy.line_of(file)

    def holds(self, inode: int) -> bool:
        """Whether a file of this inode is being read."""
        return any(file.inode == inode for file in self.files)

    def remember(self, known: tuple[Known, ...]) -> None:
        """These generations hold nothing new."""
        texts = {(one.inode, one.head) for one in known}
        kept = [one for one in self.known if (one.inode, one.head) not in texts]
        self.known = (*kept, *dict.fromkeys(known))[-MOST_KNOWN:]

    def end_line(self, take: Take) -> None:
        """A line that was handed on in part gets no more."""
        if self._broken is not None:
            self._broken = None
            take(Piece(data=b"", fresh=self._said_fresh, ends=True))

    def close(self) -> None:
        """Let go of all files."""
        while self.files:
            self.files.pop().close()
        self._broken = None

    async def _drain(self, file: Opened, take: Take) -> None:
        try:
            while part := self._part(file, file.read()):
                self._hand_on(file, part, take)
                await asyncio.sleep(0)
        except zlib.error as error:
            self._damaged(file, error, take)

    def _damaged(self, file: Opened, error: zlib.error, take: Take) -> None:
        """A compressed file holds no more that can be read; the line in which it ends is left out."""
        if self._broken is file:  # a line of which so much was handed on that it cannot be left out
            self.end_line(take)
        self._told.gap(f"a compressed generation cannot be read beyond byte {file.offset}: {error}")
        self.remember((file.known(),))
        self.drop(file)

    def _part(self, file: Opened, data: bytes) -> bytes:
        """What may be handed on: whole lines only, while several files may still grow."""
        if not data or (len(self.files) == 1 and file.grows):
            return data
        whole = data.rfind(b"\n") + 1
        if whole or file is self._broken or len(data) >= CHUNK_BYTES:
            return data[:whole] if whole else data
        return b""

    def _hand_on(self, file: Opened, data: bytes, take: Take) -> None:
        if self._broken is not file:
            self.end_line(take)
        fresh = self._said_fresh = self._fresh(file)
        file.taken(data, take(Piece(data=data, fresh=fresh)))
        self._broken = file if file.mid_line else None

    def _fresh(self, file: Opened) -> bool:
        return self.caught_up and file.behind_bytes() < FRESH_BYTES

    def _passed(self, file: Opened, take: Take) -> bool:
        """Whether the files after this one may be read; closes it when nobody writes to it any more."""
        if file not in self.files:
            return True
        quiet_s = time.monotonic() - file.grown_s
        if not file.grows or quiet_s >= LINGER_S:
            self.finish(file, take)
            return True
        return not (file is self._broken and quiet_s < HALF_LINE_S)

    def _bound_lingering(self, take: Take) -> None:
        while len(self.files) > MOST_LINGERING:
            self.finish(self.files[0], take)
