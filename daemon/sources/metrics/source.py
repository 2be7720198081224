"""The running source `metrics`: asks at its interval, over one connection that is kept."""

import asyncio
import zlib

from daemon.sources.contract import Condition, Post, Source
from daemon.sources.metrics.hearing import Hearing
from daemon.sources.metrics.options import Metrics
from daemon.sources.metrics.scraping import scrape
from fetch.client import Client
from model.errors import FetchError, SourceError


class Pace:
    """Turns at an interval; those that were missed are not made up for."""

    def __init__(self, interval_s: float, whose: str) -> None:
        """The first turn is now, and the second at a time that differs from target to target."""
        self._loop = asyncio.get_running_loop()
        self._interval_s = interval_s
        self._next_s = self._loop.time() - interval_s * (zlib.crc32(whose.encode()) % 100) / 100
        self._first = True

    async def turn(self) -> float:
        """Wait for the next turn, and give its time."""
        now_s = self._loop.time()
        if not self._first:
            while self._next_s <= now_s:
                self._next_s += self._interval_s
            await asyncio.sleep(self._next_s - now_s)
        self._first = False
        return self._loop.time()


async def run(options: Source, post: Post) -> None:
    """Scrape until cancelled; after a failure with a new connection, and certificates that are read again."""
    if not isinstance(options, Metrics):
        raise TypeError(f"not the options of metrics: {options!r}")
    if post.endpoint is None:
        post.report(Condition(False, "the target has no address", "give its `address`: HOST:PORT"))
        return
    hearing = Hearing(options, post)
    pace = Pace(options.interval, f"{post.target} {post.name}")
    while True:
        asked_s = await pace.turn()
        try:
            async with Client(post.endpoint) as client:
                while True:
                    curious = hearing.curious(asked_s)
                    names = hearing.names(curious=curious)
                    hearing.take(await scrape(client, options, names, curious=curious))
                    asked_s = await pace.turn()
        except (FetchError, SourceError) as error:
            hearing.failed(error, asked_s)
