"""Taking Go's profiles over one window: the most precious first, what takes time side by side."""

import asyncio
import time
from collections.abc import Coroutine, Sequence
from http import HTTPStatus
from typing import Any

from collectors.fetching import Fetched, Fetching, Wanted, all_of
from collectors.pprof_requests import Requests
from collectors.pprof_words import BUSY, SINCE_START, crowded, goroutines, is_busy, is_too_long, remedy
from fetch.client import Client
from model.capture import WindowEnd
from model.errors import FetchError

LONGEST_CPU_S = 4  # of one CPU profile: where the iteration ends in its midst, it is waited for
BUSY_S, BUSY_PAUSE_S = 5.0, 0.5  # how long another profiler is waited for, and between two attempts
DUMP_SHARE = 0.05  # the most of the time that the target may spend on goroutine dumps
MOST_DUMPS = 1000
_LAST_DUMP = "the last one: more of them would leave no room for other profiles"


class Taking:
    """One collector's work in one capture."""

    def __init__(
        self, requests: Requests, fetching: Fetching, client: Client, presets: Sequence[str]
    ) -> None:
        self.remark = ""
        self.came: list[str] = []  # whose files are there
        self.failed: dict[str, Fetched] = {}  # the last failure of each
        self._requests = requests
        self._fetching = fetching
        self._client = client
        self._presets = presets
        self._window = fetching.window

    async def take(
        self, profiles: Sequence[str], *, every_s: float, trace_s: float, most_goroutines: int
    ) -> None:
        """Take these profiles; raises CollectorError where they cannot be written."""
        going: list[Coroutine[Any, Any, None]] = []
        if "goroutines" in profiles:
            first = await self._first_dump(most_goroutines)
            await self._once(self._requests.goroutines())
            if first is not None and first.ok:
                going.append(self._sample(first, every_s))
        if "cpu" in profiles:
            going.append(self._cpu())
        if "trace" in profiles:
            going.append(self._several(self._requests.trace(trace_s)))
        memory = [self._requests.memory(what) for what in ("heap", "allocs") if what in profiles]
        going.append(self._several(*memory))
        going += [self._contention(what) for what in ("mutex", "block") if what in profiles]
        await all_of(*going)

    async def gone(self) -> bool:
        """Whether what answered before answers no more."""
        if not self.came or not any(one.broken for one in self.failed.values()):
            return False
        return await self._index() is None

    async def _index(self) -> bytes | None:
        """The list of profiles, empty where that is not served; None where nobody answers."""
        page = bytearray()
        try:
            await self._client.fetch(self._requests.index(), page.extend)
        except FetchError:
            return None
        return bytes(page)

    async def _first_dump(self, most_goroutines: int) -> Fetched | None:
        """The dump at the trigger, unless there are so many goroutines that it would do harm."""
        count = goroutines(await self._index() or b"")
        if count > most_goroutines:
            self.remark = crowded(count, most_goroutines)
            return None
        return await self._once(self._requests.dump(0))

    async def _once(self, wanted: Wanted) -> Fetched:
        taken = await self._fetching.take(wanted)
        self._tell(taken)
        return taken

    async def _several(self, *wanted: Wanted) -> None:
        for one in wanted:
            await self._once(one)

    async def _cpu(self) -> None:
        """Profile after profile, each whole for itself: what ends the window costs one of them at most."""
        if self._window.over() and await self._window.ended() is not WindowEnd.COLLECTION_TIME:
            return  # the iteration is past, or we shall stop
        number, seconds, longest = 0, 1, LONGEST_CPU_S
        until_s = time.monotonic() + BUSY_S
        while number == 0 or (not self._window.over() and self._fetching.left_s() >= 1):
            fitting = max(1, min(seconds, longest, int(self._fetching.left_s())))
            taken = await self._fetching.take(self._requests.cpu(number, fitting))
            busy = is_busy(taken)
            if busy and time.monotonic() < until_s and not self._window.over():
                await self._pause(BUSY_PAUSE_S)
                continue
            if is_too_long(taken) and fitting > 1:
                longest = fitting // 2
                continue
            self._tell(taken, BUSY if busy else "")
            if not taken.ok:
                return
            number, seconds, until_s = number + 1, 2 * seconds, time.monotonic() + BUSY_S

    async def _sample(self, taken: Fetched, every_s: float) -> None:
        """Goroutine dumps over the window, paced by what the last one took."""
        size_bytes, missed = taken.fetch.size_bytes, 0
        room_bytes = self._requests.dumps_room_bytes
        if 2 * size_bytes > room_bytes:
            return
        for number in range(1, MOST_DUMPS):
            await self._pause(max(every_s, taken.took_s * (1 / DUMP_SHARE - 1)))
            if self._window.over():
                return
            taken = await self._fetching.take(self._requests.dump(number))
            size_bytes += taken.fetch.size_bytes
            full = size_bytes + taken.fetch.size_bytes > room_bytes
            self._tell(taken, _LAST_DUMP if full else "")
            missed = 0 if taken.ok and taken.fetch.whole else missed + 1
            if full or missed > 1:
                return

    async def _contention(self, what: str) -> None:
        """What was waited for within the window; where that ends early, since the target's start."""
        within = self._requests.contention(what, max(1, int(self._fetching.left_s())))
        taken = await self._fetching.take(within)
        ended = await self._window.ended() if taken.closed else None
        if ended is WindowEnd.ITERATION_ENDED or taken.fetch.status == HTTPStatus.BAD_REQUEST:
            taken = await self._fetching.take(self._requests.contention(what))
            self._tell(taken, SINCE_START if taken.ok else "")
        else:
            self._tell(taken)

    def _tell(self, taken: Fetched, detail: str = "") -> None:
        taken = self._fetching.tell(taken, detail, remedy(taken, self._presets))
        if taken.fetch.path:
            self.came.append(taken.wanted.what)
        if not (taken.ok and taken.fetch.whole):
            self.failed[taken.wanted.what] = taken

    async def _pause(self, seconds: float) -> None:
        """Wait so long, or until the window's end."""
        try:
            async with asyncio.timeout(seconds):
                await self._window.ended()
        except TimeoutError:
            return
