"""Reads a log once: `tail ours|plain FILE PATTERN`. Prints markers, CPU seconds, and growth of RSS."""

import asyncio
import os
import re
import sys
import time
from pathlib import Path

from benchmarks.apparatus.processes import rss_bytes
from daemon.sources.log.contract import Piece
from daemon.sources.log.feed import make_feed
from daemon.sources.log.options import Log
from daemon.sources.log.readers.file.folder import Folder
from daemon.sources.log.readers.file.follower import Follower
from daemon.sources.log.readers.file.prints import print_of
from daemon.sources.log.readers.file.whereabouts import FilePlace, Whereabouts
from model.errors import SourceError


class Told:
    """Nothing goes wrong here."""

    def trouble(self, error: SourceError | None) -> None:
        if error is not None:
            raise error

    def gap(self, what: str, *, expected: bool = False) -> None:
        raise AssertionError(what)


def ours(path: Path, pattern: str) -> int:
    """Markers found by a follower that begins at the start of the file."""
    feed = make_feed(Log(path=str(path), start=(pattern,)))
    status = path.stat()
    nothing = print_of(b"")
    start = FilePlace(device=status.st_dev, inode=status.st_ino, offset=0, head=nothing, tail=nothing)
    follower = Follower(Folder(str(path)), Told(), Whereabouts(path=str(path), files=(start,)))
    found = 0

    def take(piece: Piece) -> int:
        nonlocal found
        found += len(feed.take(piece.data, ends=piece.ends, fresh=piece.fresh))
        return feed.pending_bytes

    asyncio.run(follower.turn(take))
    follower.close()
    return found


def plain(path: Path, pattern: str) -> int:
    """Markers found the obvious way."""
    compiled = re.compile(pattern)
    found = 0
    with path.open(errors="replace") as file:
        while line := file.readline():
            found += compiled.search(line) is not None
    return found


def main() -> int:
    """Read it, and tell how that went."""
    kind, path, pattern = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    before_bytes = rss_bytes(os.getpid())
    started_s = time.process_time()
    found = (ours if kind == "ours" else plain)(path, pattern)
    took_s = time.process_time() - started_s
    print(found, took_s, rss_bytes(os.getpid()) - before_bytes, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
