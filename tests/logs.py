"""What tests of followed files share: a follower that collects lines, and writers that number theirs."""

import asyncio
import gzip
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from daemon.sources.log.contract import Piece
from daemon.sources.log.readers.file.folder import Folder
from daemon.sources.log.readers.file.follower import Follower
from daemon.sources.log.readers.file.whereabouts import Whereabouts
from model import coding
from model.errors import SourceError


class Heard:
    """Takes pieces, and keeps the lines; is told of troubles and gaps."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.stale: list[bytes] = []
        self.gaps: list[str] = []
        self.troubles: list[SourceError | None] = []
        self.largest = 0
        self._rest = b""

    def take(self, piece: Piece) -> int:
        self.largest = max(self.largest, len(piece.data))
        *lines, self._rest = (self._rest + piece.data.replace(b"\0", b"")).split(b"\n")
        if piece.ends and self._rest:
            lines, self._rest = [*lines, self._rest], b""
        self.lines += lines
        self.stale += [] if piece.fresh else lines
        return len(self._rest)

    def begin_again(self) -> None:
        """Another feed has no part of a line."""
        self._rest = b""

    def trouble(self, error: SourceError | None) -> None:
        self.troubles.append(error)

    def gap(self, what: str, *, expected: bool = False) -> None:
        self.gaps.append(what)


class Following:
    """A follower that can be stopped and begun again, with what it remembered as it is on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.heard = Heard()
        self.remembered: bytes | None = None
        self.follower = self._made()

    def turn(self, times: int = 1) -> None:
        """Let it read all there is."""

        async def turns() -> None:
            for _ in range(times):
                await self.follower.turn(self.heard.take)

        asyncio.run(turns())

    def stop(self) -> None:
        """End it; it remembers its place."""
        place = self.follower.whereabouts()
        self.remembered = coding.encode(place) if place else None
        self.follower.close()

    def start(self) -> None:
        """Begin another where it was."""
        self.heard.begin_again()
        self.follower = self._made()

    def restart(self) -> None:
        self.stop()
        self.start()

    def _made(self) -> Follower:
        place = coding.decode(self.remembered, Whereabouts) if self.remembered else None
        return Follower(Folder(str(self.path)), self.heard, place)


class Writer:
    """Writes numbered lines, and rotates in every way."""

    def __init__(self, path: Path, most_kept: int = 50) -> None:
        self.path = path
        self.count = 0
        self.most_kept = most_kept
        self._open = path.open("ab", buffering=0)

    @property
    def lines(self) -> list[bytes]:
        """All whole lines so far."""
        return [self._line(number) for number in range(self.count)]

    def write(self, count: int = 1) -> None:
        for _ in range(count):
            self._open.write(self._line(self.count) + b"\n")
            self.count += 1

    def begin_line(self) -> None:
        """Write the first half of a line."""
        line = self._line(self.count)
        self._open.write(line[: len(line) // 2])

    def end_line(self) -> None:
        line = self._line(self.count)
        self._open.write(line[len(line) // 2 :] + b"\n")
        self.count += 1

    def rename(self, *, reopen: bool = True) -> None:
        self._shift()
        self.path.rename(self._kept(1))
        if reopen:
            self.reopen()

    def reopen(self) -> None:
        self._open.close()
        self._open = self.path.open("ab", buffering=0)

    def copytruncate(self) -> None:
        self._shift()
        shutil.copyfile(self.path, self._kept(1))
        os.truncate(self.path, 0)

    def pack(self, number: int, *, keep_time: bool = True) -> None:
        plain = self._kept(number)
        if not plain.exists():
            return
        packed = plain.with_name(plain.name + ".gz")
        status = plain.stat()
        packed.write_bytes(gzip.compress(plain.read_bytes(), mtime=0))
        if keep_time:
            os.utime(packed, ns=(status.st_atime_ns, status.st_mtime_ns))
        plain.unlink()

    def close(self) -> None:
        self._open.close()

    def _line(self, number: int) -> bytes:
        return b"line %08d %s" % (number, b"x" * (number * 37 % 90))

    def _kept(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")

    def _shift(self) -> None:
        for number in range(self.most_kept, 0, -1):
            for suffix in ("", ".gz"):
                old = self._kept(number).with_name(self._kept(number).name + suffix)
                if old.exists():
                    old.rename(self._kept(number + 1).with_name(self._kept(number + 1).name + suffix))


Step = Callable[[], None]
