"""The dashcam of one program: goroutine dumps and metrics while an iteration is slow."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence

import msgspec

from collectors.fetching import Fetched, Fetching, Wanted
from collectors.pprof import KIND as PPROF
from collectors.pprof import Pprof
from collectors.pprof_requests import Requests
from collectors.pprof_taking import DUMP_SHARE
from collectors.pprof_words import goroutines
from daemon.capture.window import CaptureWindow
from daemon.dashcam.program.ring import MARK, Handing, ProgramRing
from daemon.dashcam.wanting import HistoryOf, Wanting
from daemon.targets.held import Held
from daemon.targets.target import Target
from daemon.watch.iterations import InFlight
from fetch.client import Client
from model.capture import WindowEnd
from model.errors import CollectorError, FetchError

_LOG = logging.getLogger(__name__)

EVERY_S, CALM_EVERY_S = 3.0, 15.0  # from one dump to the next, and once an iteration has overrun
METRICS_EVERY_S = 10.0
AGAIN_S, TIMES_LOST = 1.0, 2  # how soon and how often it is asked again before it counts as gone
MOST_DEAF_LOOKS = 3
SPELL_S = 3600.0
NUMBERS = 1000  # files' names have three digits

Lost = Callable[[Target, InFlight, float], None]


class Metrics(msgspec.Struct, frozen=True, kw_only=True):
    """An exposition that is fetched beside the dumps."""

    collector: str
    kind: str
    wanted: Callable[[str], Wanted]


class ProgramCamera:
    """Fetches from one program when its iteration is slow and nothing hinders it."""

    def __init__(
        self,
        target: Target,
        held: Held,
        options: tuple[str, Pprof],
        metrics: Sequence[Metrics],
        make_ring: Callable[[], ProgramRing],
        history: HistoryOf,
    ) -> None:
        self.target = target
        self.held = held.share()
        self.config = target.config
        self.ring: ProgramRing | None = None
        self.wanting = Wanting(target, history)
        self.retired_s: float | None = None
        self.hindrance: Callable[[Target], str] = lambda target: ""
        self.lost: Lost = lambda target, current, at_s: None
        self._name, self._options = options
        self._metrics = metrics
        self._make_ring = make_ring
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._window: CaptureWindow | None = None
        self._holds = 0
        self._number = 0
        self._metrics_s = float("-inf")
        self._last: InFlight | None = None  # that was slow
        self._deaf_looks = 0

    @property
    def busy(self) -> bool:
        """Whether somebody still needs the ring."""
        return self._holds > 0 or self._task is not None

    def arm(self) -> None:
        """Begin when the iteration in flight is slow; now, if it is."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._task is not None or self.retired_s is not None or self._holds:
            return
        due_s, now_s = self.wanting.due_s(), time.monotonic()
        if due_s is None:
            return
        if due_s > now_s:
            self._timer = asyncio.get_running_loop().call_later(due_s - now_s, self.arm)
        elif not self.hindrance(self.target) and self.held.alive():
            self._task = asyncio.create_task(self._spell(), name=f"dashcam of program {self.target.name}")

    def hand_over(self) -> Handing:
        """Fetch no more until the capture is over, which fetches by itself."""
        self._holds += 1
        self._stop()
        return Handing(self.ring, self._released)

    def retire(self) -> None:
        """Fetch no more; the ring stays until it is closed."""
        if self.retired_s is None:
            self.retired_s = time.monotonic()
        if self._timer is not None:
            self._timer.cancel()
        self._stop()

    async def ended(self) -> None:
        """Wait until nothing is fetched."""
        if self._task is not None:
            await asyncio.wait({self._task})

    def close(self) -> None:
        """Remove the ring, and let go of the target."""
        if self.ring is not None:
            self.ring.close()
            self.ring = None
        self.held.close()

    def _released(self) -> None:
        self._holds -= 1

    def _stop(self) -> None:
        if self._window is not None:
            self._window.end(WindowEnd.CANCELLED)

    async def _spell(self) -> None:
        """Fetch as long as the iteration is slow."""
        try:
            await self._fetch_on()
        except (CollectorError, FetchError, OSError) as error:
            _LOG.info("dashcam interrupted", extra={"target": self.target.name, "why": str(error)})
        except Exception:  # noqa: BLE001  # the dashcam must not end the daemon
            _LOG.exception("dashcam failed", extra={"target": self.target.name})
        finally:
            self._stop()
            self._task = self._window = None

    async def _fetch_on(self) -> None:
        endpoint = self.config.endpoint
        if endpoint is None:
            return
        if self.ring is None:
            self.ring = self._make_ring()
        ring, name, room_bytes = self.ring, f"{self._name}-{MARK}", self.ring.most_bytes // 2
        window = self._window = CaptureWindow(SPELL_S, follows_iteration=False)
        requests = Requests(endpoint, self._options.path, self._options.port, name, room_bytes)
        missed = 0
        async with Client(endpoint) as client:
            fetching = Fetching(client, window, ring.evidence_dir, name, PPROF, ring.most_bytes)
            fetching.room = ring.room
            while (current := self._slow()) is not None and not window.over():
                taken = await self._dump(client, fetching, requests)
                missed = missed + 1 if taken is not None and taken.broken else 0
                if missed >= TIMES_LOST and not window.over():
                    self.lost(self.target, current, time.monotonic())
                    return
                await self._expositions(fetching)
                await _pause(window, AGAIN_S if missed else self._every_s(current, taken))

    def _slow(self) -> InFlight | None:
        """The iteration that is slow, if one is and it may be looked at.

        Where its source just ceased to hear, the last one is asked for a few times more: it may be gone.
        """
        if self.hindrance(self.target) or self.target.held is None:
            return None
        current = self.target.in_flight
        self._deaf_looks = self._deaf_looks + 1 if current is None and self.target.deaf else 0
        if 0 < self._deaf_looks <= MOST_DEAF_LOOKS:
            current = self._last
        self._last = current
        return current if current is not None and self.wanting.slow(current, time.monotonic()) else None

    def _every_s(self, current: InFlight, taken: Fetched | None) -> float:
        """The wait for the next dump: what one takes is a small share of the time."""
        overdue = time.monotonic() - current.started_s > current.threshold_s
        least_s = CALM_EVERY_S if overdue else EVERY_S
        return max(least_s, taken.took_s * (1 / DUMP_SHARE - 1) if taken is not None else 0.0)

    async def _dump(self, client: Client, fetching: Fetching, requests: Requests) -> Fetched | None:
        """A goroutine dump, unless there are so many goroutines that it would do harm."""
        page = bytearray()
        try:
            await client.fetch(requests.index(), page.extend)
        except FetchError:  # the dump's own failure tells
            page.clear()
        if goroutines(bytes(page)) > self._options.most_goroutines:
            return None
        taken = await fetching.take(requests.dump(self._number % NUMBERS))
        self._number += 1
        self._keep(self._name, PPROF, taken)
        return taken

    async def _expositions(self, fetching: Fetching) -> None:
        now_s = time.monotonic()
        if now_s - self._metrics_s < METRICS_EVERY_S:
            return
        self._metrics_s = now_s
        for each in self._metrics:
            moment = f"{MARK}-{self._number % NUMBERS:03d}"
            self._keep(each.collector, each.kind, await fetching.take(each.wanted(moment)))

    def _keep(self, collector: str, kind: str, taken: Fetched) -> None:
        if self.ring is not None:
            self.ring.put(collector, kind, taken)


async def _pause(window: CaptureWindow, seconds: float) -> None:
    """Wait so long, or until somebody ends it."""
    try:
        async with asyncio.timeout(seconds):
            await window.ended()
    except TimeoutError:
        return
