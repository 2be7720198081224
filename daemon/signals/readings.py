"""Reads the host signals of every target that wants them, before any trigger, into memory."""

import asyncio
import logging
import time
from collections.abc import Iterator

from collectors.host.machine import Machine
from collectors.host.options import Host
from collectors.host.reader import THREADS_IDLE, Reader
from collectors.host.ring import Ring
from daemon.signals.pace import interval_s, is_slow
from daemon.targets.fleet import Fleet
from daemon.targets.process import HeldProcess
from daemon.targets.target import Target

_LOG = logging.getLogger(__name__)

LEAST_WAIT_S = 0.05
LOOK_S = 1.0  # after which targets that came, or became slow, are noticed


class Readings:
    """One timer for all targets; none while no target wants any."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._machine = Machine()
        self._next_s: dict[str, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def use(self) -> None:
        """Targets or their configuration may have changed: read of whoever wants it."""
        wanting = dict(self._wanting())
        self._next_s = {name: at_s for name, at_s in self._next_s.items() if name in wanting}
        if wanting and self._timer is None:
            self._wait(0.0)

    def stop(self) -> None:
        """Read no more; what was read stays with its process."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wanting(self) -> Iterator[tuple[str, tuple[Target, HeldProcess, Host]]]:
        for target in self._fleet:
            process, options = target.process, wanted(target)
            if process is not None and options is not None:
                yield target.name, (target, process, options)

    def _tick(self) -> None:
        self._timer = None
        wanting = dict(self._wanting())
        now_s = time.monotonic()
        for name, (target, process, options) in wanting.items():
            slow = self._slow(target, now_s)
            if now_s < self._next_s.get(name, 0.0) and not slow:
                continue
            if process.signals is not None and process.signals.followed:  # a capture reads it now
                self._next_s[name] = now_s + LOOK_S
                continue
            cost_s = self._read(process)
            self._next_s[name] = now_s + interval_s(options.interval, cost_s, len(wanting), slow=slow)
        if wanting:
            due_s = min(self._next_s.get(name, now_s) for name in wanting)
            self._wait(min(LOOK_S, max(LEAST_WAIT_S, due_s - time.monotonic())))

    def _read(self, process: HeldProcess) -> float:
        ring = process.signals
        if ring is None:
            ring = process.signals = Ring(Reader(process.pid, self._machine), process.alive)
        ring.read(THREADS_IDLE)
        return ring.cost_s

    def _slow(self, target: Target, now_s: float) -> bool:
        current = target.in_flight
        return current is not None and is_slow(now_s - current.started_s, current.threshold_s)

    def _wait(self, seconds: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, self._tick)


def wanted(target: Target) -> Host | None:
    """The recorder's options, where the target's configuration has it and wants a lead-up."""
    for part in target.config.collectors:
        if isinstance(part.options, Host):
            return part.options
    return None
