"""The running source `log`: a reader's pieces into a feed, and the feed's marks into events."""

import asyncio

from daemon.sources.contract import Post, Source
from daemon.sources.log.feed import make_feed
from daemon.sources.log.hearing import Hearing
from daemon.sources.log.options import Log
from daemon.sources.log.reading import make_reader
from model.errors import SourceError

FIRST_PAUSE_S, LAST_PAUSE_S = 0.5, 30.0
LASTING_S = 60.0  # a reader that worked so long may fail at once again without a longer pause


async def run(options: Source, post: Post) -> None:
    """Read the log until cancelled; a reader that fails is begun again."""
    if not isinstance(options, Log):
        raise TypeError(f"not the options of a log: {options!r}")
    hearing = Hearing(options, post, make_feed(options, post.lines))
    pause_s = FIRST_PAUSE_S
    loop = asyncio.get_running_loop()
    try:
        while True:
            began_s = loop.time()
            try:
                await make_reader(options, post, hearing).read(hearing.take)
            except SourceError as error:
                hearing.failed(error)
            pause_s = FIRST_PAUSE_S if loop.time() - began_s > LASTING_S else pause_s
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LAST_PAUSE_S)
    finally:
        hearing.close()
