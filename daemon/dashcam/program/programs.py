"""The dashcams of all Go programs: targets with the collector `pprof`."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from collectors.http import KIND as HTTP
from collectors.http import Asking, Http
from collectors.pprof import Pprof
from daemon.config import settings
from daemon.dashcam.cast import Cast
from daemon.dashcam.program.camera import Metrics, ProgramCamera
from daemon.dashcam.program.ring import Handing, ProgramRing
from daemon.dashcam.wanting import HistoryOf
from daemon.sources.metrics.options import Metrics as MetricsSource
from daemon.targets.held import Held, HeldAddress
from daemon.targets.target import Target
from daemon.watch.iterations import InFlight

METRICS_PATH = "/metrics"
Lost = Callable[[Target, HeldAddress, InFlight, float], None]


class Programs:
    """Nothing is made of it before an iteration of such a target is slow."""

    def __init__(self, spool: Path, hindrance: Callable[[Target], str], history: HistoryOf) -> None:
        self.lost: Lost = lambda target, held, current, at_s: None
        self._spool = spool
        self._hindrance = hindrance
        self._history = history
        self._cameras: Cast[ProgramCamera] = Cast()
        self._stopped = False

    def heard(self, target: Target) -> None:
        """An event of a target was taken."""
        if (camera := self._camera(target)) is not None:
            camera.arm()

    def look(self, fleet: dict[str, Target]) -> None:
        """About once a second: targets that came, went or changed."""
        for camera in self._cameras:
            target = camera.target
            ours = fleet.get(target.name) is target and target.held is camera.held
            if not ours or target.config != camera.config:
                self._cameras.retire(target.name)
        for target in fleet.values():
            self.heard(target)
        self._cameras.close_gone()

    def exited(self, target: Target) -> None:
        """What a target was is gone; by an address, nobody else judges that."""
        if (camera := self._cameras.retire(target.name)) is not None:
            current, now_s = target.in_flight, time.monotonic()
            if current is not None and camera.wanting.slow(current, now_s):
                self._lost(target, current, now_s)

    def hand_over(self, target: Target, held: Held) -> Handing | None:
        """The lead-up of a capture of what is held."""
        camera = self._of(target.name, held)
        return camera.hand_over() if camera is not None else None

    def knows(self, target: Target, held: Held) -> bool:
        """Whether there is a dashcam of what is held, or was until just now."""
        return self._of(target.name, held) is not None

    def watches(self, target: Target) -> bool:
        """Whether a target's slow iterations are looked at."""
        return self._cameras.get(target.name) is not None

    def saw(self, target: Target, held: Held, started_s: float, ended_s: float) -> bool:
        """Whether the ring has goroutines of a stretch of time."""
        camera = self._of(target.name, held)
        return camera is not None and camera.ring is not None and camera.ring.covers(started_s, ended_s)

    def slow(self, target: Target, held: Held, current: InFlight, at_s: float) -> bool:
        """Whether an iteration was slow by then."""
        camera = self._of(target.name, held)
        return camera is not None and camera.wanting.slow(current, at_s)

    def stop(self) -> None:
        """Fetch no more; rings stay for the captures that still run."""
        self._stopped = True
        self._cameras.stop()

    async def close(self) -> None:
        """Remove all rings."""
        self.stop()
        await self._cameras.close()

    def _camera(self, target: Target) -> ProgramCamera | None:
        camera = self._cameras.get(target.name)
        if camera is not None and camera.held is target.held:
            return camera
        config = target.config
        if config.endpoint is None or config.dashcam.mode == "off" or target.held is None or self._stopped:
            return None
        if (pprof := _pprof(config)) is None:
            return None
        make_ring = partial(ProgramRing, self._spool, target.name, config.dashcam)
        made = ProgramCamera(target, target.held, pprof, tuple(_metrics(config)), make_ring, self._history)
        made.hindrance, made.lost = self._hindrance, self._lost
        return self._cameras.put(made)

    def _lost(self, target: Target, current: InFlight, at_s: float) -> None:
        if isinstance(target.held, HeldAddress) and self.saw(target, target.held, current.started_s, at_s):
            self.lost(target, target.held, current, at_s)

    def _of(self, name: str, held: Held) -> ProgramCamera | None:
        return self._cameras.find(name, lambda one: one.held is held or _same(one.held, held))


def _same(one: Held, other: Held) -> bool:
    if isinstance(one, HeldAddress) and isinstance(other, HeldAddress):
        return one.address == other.address
    return one.identity is not None and one.identity == other.identity


def _pprof(config: settings.Target) -> tuple[str, Pprof] | None:
    for part in config.collectors:
        if isinstance(part.options, Pprof) and "goroutines" in part.options.profiles:
            return part.name, part.options
    return None


def _metrics(config: settings.Target) -> Iterator[Metrics]:
    """The expositions that are known of: those that a collector fetches, else the source's."""
    endpoint = config.endpoint
    given = [(part.name, part.options) for part in config.collectors if isinstance(part.options, Http)]
    found = [(name, options) for name, options in given if options.path.endswith(METRICS_PATH)]
    if not found:
        sources = [part.options for part in config.iterations if isinstance(part.options, MetricsSource)]
        found = [("metrics", Http(path=source.path, port=source.port)) for source in sources[:1]]
    for name, options in found:
        if endpoint is not None:
            yield Metrics(collector=name, kind=HTTP, wanted=Asking(options, endpoint, name).wanted)
