"""The dashcams of all targets."""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec

from collectors.contract import Sampler
from daemon.capture.leadup import LeadUp
from daemon.dashcam import leftovers
from daemon.dashcam.around import Around, Seats
from daemon.dashcam.camera import Camera
from daemon.dashcam.cast import Cast
from daemon.dashcam.handing import Together
from daemon.dashcam.program.programs import Programs
from daemon.dashcam.purse import Purse
from daemon.dashcam.ring import Ring
from daemon.dashcam.shelf import Piece
from daemon.limits.admission import Admission
from daemon.spool.spool import LEAST_FREE_BYTES, Spool
from daemon.targets.fleet import Fleet
from daemon.targets.held import Held
from daemon.targets.target import Target
from daemon.telemetry.series import Telemetry
from daemon.watch.iterations import InFlight
from model.events import Event, Trigger
from model.history import History


class DashcamStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The dashcam of one target."""

    mode: str
    sampling: bool
    rate_hz: int  # now
    held_s: float  # how far back its ring reaches
    held_bytes: int
    sampler: str
    why_not: str  # nothing is sampled now; empty where nothing hinders it


class Dashcam:
    """Records processes of targets before anything has overrun."""

    def __init__(self, fleet: Fleet, admission: Admission, spool: Spool, telemetry: Telemetry) -> None:
        self.wanted: Callable[[Target], bool] = lambda target: False
        self.history: Callable[[Target], History | None] = lambda target: None
        self._fleet = fleet
        self._admission = admission
        self._spool = spool
        self._telemetry = telemetry
        self._around = Around(
            hindrance=self._hindrance,
            history=lambda target: self.history(target),
            spent=self._spent,
            failed=self._failed,
            seats=Seats(),
        )
        self.programs = Programs(spool.path, self._forbidden, lambda target: self.history(target))
        self._cameras: Cast[Camera] = Cast()
        self._purses: dict[str, Purse] = {}  # by target: a new process does not bring a full one
        leftovers.set_aside(spool.path)
        self._removing: asyncio.Task[None] | None = None  # rings of an earlier daemon
        self._full = self._stopped = False

    def heard(self, event: Event) -> None:
        """An event was taken."""
        target = self._fleet.targets.get(event.target)
        camera = self._camera(target) if target is not None else None
        if camera is not None:
            camera.heard(event, self.wanted)
        if target is not None:
            self.programs.heard(target)

    def look(self) -> None:
        """About once a second: processes that came, went or changed, what is due again, and old rings."""
        self._full = self._spool.disk_free_bytes() < LEAST_FREE_BYTES
        if self._removing is None:
            removing = asyncio.to_thread(leftovers.remove, self._spool.path)
            self._removing = asyncio.create_task(removing, name="remove old rings")
        for camera in self._cameras:
            if not self._wanted(camera):
                self._cameras.retire(camera.target.name)
        self._purses = {name: self._purses[name] for name in self._purses.keys() & self._fleet.targets.keys()}
        for found in map(self._camera, self._fleet):
            if found is not None:
                found.look()
        self._cameras.close_gone()
        self.programs.look(self._fleet.targets)

    def exited(self, target: Target) -> None:
        """The process of a target ended just now."""
        self._cameras.retire(target.name)
        self.programs.exited(target)

    def hand_over(self, target: Target, held: Held, trigger: Trigger) -> LeadUp | None:
        """The lead-up of a capture of what is held; nothing is recorded into the ring until it is closed."""
        camera = self._of(target.name, held)
        stacks = camera.hand_over(trigger) if camera is not None else None
        program = self.programs.hand_over(target, held)
        return Together(stacks, program) if program is not None else stacks

    def knows(self, target: Target, held: Held) -> bool:
        """Whether there is a dashcam of what is held, or was until just now."""
        return self._of(target.name, held) is not None or self.programs.knows(target, held)

    def saw(self, target: Target, held: Held, started_s: float, ended_s: float) -> bool:
        """Whether the ring has, or will have in a moment, stacks of a stretch of time."""
        camera = self._of(target.name, held)
        stacks = camera is not None and camera.saw(started_s, ended_s)
        return stacks or self.programs.saw(target, held, started_s, ended_s)

    def slow(self, target: Target, held: Held, current: InFlight, at_s: float) -> bool:
        """Whether an iteration was slow by then, so that it was sampled if that was possible."""
        camera = self._of(target.name, held)
        by_stacks = camera is not None and camera.wanting.slow(current, at_s)
        return by_stacks or self.programs.slow(target, held, current, at_s)

    def covering(self, target: str, started_s: float, ended_s: float) -> tuple[Path, tuple[Piece, ...]]:
        """The ring's folder and its whole pieces of a span (monotonic seconds), for hard links.

        A piece's paths are below the folder. Link at once: the ring lets go of what is old.
        """
        camera = self._cameras.get(target)
        if camera is None or camera.ring is None:
            return self._spool.path, ()
        return camera.ring.directory, camera.ring.shelf.covering(started_s, ended_s)

    def status(self, target: Target) -> DashcamStatus:
        """How the dashcam of a target stands."""
        camera, now_s = self._cameras.get(target.name), time.monotonic()
        ring = camera.ring if camera is not None else None
        choice = camera.recorder.choice if camera is not None and camera.recorder is not None else None
        return DashcamStatus(
            mode=target.config.dashcam.mode,
            sampling=camera is not None and camera.sampling,
            rate_hz=camera.rate_hz if camera is not None else 0,
            held_s=ring.shelf.held_s(now_s) if ring is not None else 0.0,
            held_bytes=ring.shelf.size_bytes if ring is not None else 0,
            sampler=choice.name if choice is not None else "",
            why_not=self._why_not(target, camera, now_s),
        )

    def stop(self) -> None:
        """Record no more; rings stay for the captures that still run."""
        self._stopped = True
        self._cameras.stop()
        self.programs.stop()

    async def close(self) -> None:
        """Remove all rings."""
        self.stop()
        if self._removing is not None:
            await self._removing
        await self.programs.close()
        await self._cameras.close()

    def _camera(self, target: Target) -> Camera | None:
        """The camera of a target's process, made where there is none and one is wanted."""
        camera, process = self._cameras.get(target.name), target.process
        mode = target.config.dashcam.mode
        if process is None or self._stopped or mode == "off":
            return None
        if camera is not None and camera.process is process:
            return camera
        if not _has_sampler(target):
            return None
        purse = self._purses.setdefault(target.name, Purse.of(mode, time.monotonic()))
        make_ring = partial(Ring, self._spool.path, target.name, process, target.config.dashcam)
        return self._cameras.put(Camera(target, process, make_ring, purse, self._around))

    def _wanted(self, camera: Camera) -> bool:
        """Whether its target is still there, holds the same process and wants to be sampled."""
        target = camera.target
        ours = self._fleet.targets.get(target.name) is target and target.held is camera.process
        return ours and target.config.dashcam.mode != "off"

    def _spent(self, target: Target, cpu_s: float) -> None:
        if self._telemetry.knows(target.name):
            self._telemetry.dashcam_cpu_s.labels(target.name).inc(cpu_s)

    def _failed(self, target: Target) -> None:
        if self._telemetry.knows(target.name):
            self._telemetry.dashcam_restarts.labels(target.name).inc()

    def _hindrance(self, target: Target) -> str:
        if not target.possible.possible and not self._forbidden(target):
            return target.possible.detail or target.possible.reason
        return self._forbidden(target)

    def _forbidden(self, target: Target) -> str:
        """What forbids to look at any target now, even where nobody knows whether that would work."""
        if self._stopped:
            return "loopcam is stopping"
        if self._admission.disabled():
            return f"{self._admission.config.capture_disabled_file} exists"
        return "the spool's disk is full" if self._full else ""

    def _of(self, name: str, held: Held) -> Camera | None:
        return self._cameras.find(name, lambda camera: camera.process.identity == held.identity)

    def _why_not(self, target: Target, camera: Camera | None, now_s: float) -> str:
        if target.config.dashcam.mode == "off":
            return "it is off"
        if camera is None:
            if self.programs.watches(target):  # by its HTTP, and not by a sampler
                return ""
            if target.process is None:
                return "there is no process to sample"
            return "" if _has_sampler(target) else "no sampler is configured"
        return "" if camera.sampling else camera.hindered(now_s)


def _has_sampler(target: Target) -> bool:
    return any(isinstance(part.options, Sampler) for part in target.config.collectors)
