"""Reads the host signals of every target that wants them, before any trigger, into memory."""

import asyncio
from collections.abc import Iterator

from collectors.host.machine import Machine
from collectors.host.options import Host
from collectors.host.reader import THREADS_IDLE, Reader
from collectors.host.ring import Ring
from daemon.signals.pace import interval_s, is_slow
from daemon.targets.fleet import Fleet
from daemon.targets.process import HeldProcess
from daemon.targets.target import Target

LEAST_WAIT_S = 0.05
LOOK_S = 1.0  # after which targets that came, or became slow, are noticed


class Readings:
    """One timer for all targets; none while no target wants any."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._machine = Machine()
        self._last: dict[str, tuple[float, float]] = {}  # when each was read, and the CPU time of it
        self._timer: asyncio.TimerHandle | None = None

    def use(self) -> None:
        """Targets or their configuration may have changed: read of whoever wants it."""
        wanting = dict(self._wanting())
        self._last = {name: last for name, last in self._last.items() if name in wanting}
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
        clock = asyncio.get_running_loop().time
        now_s = clock()
        due_s = [self._attended(*wants, len(wanting), now_s) for wants in wanting.values()]
        if due_s:
            self._wait(min(LOOK_S, max(LEAST_WAIT_S, min(due_s) - clock())))

    def _attended(
        self, target: Target, process: HeldProcess, options: Host, targets: int, now_s: float
    ) -> float:
        """When it is due next; where that is now, it is read first."""
        slow = _is_slow(target, now_s)
        read_s, cost_s = self._last.get(target.name, (float("-inf"), 0.0))
        if process.signals is None:  # another process than the last one
            read_s = float("-inf")
        elif process.signals.followed:  # a capture reads it now
            return now_s + LOOK_S
        due_s = read_s + interval_s(options.interval, cost_s, targets, slow=slow)
        if due_s > now_s:
            return due_s
        cost_s = self._read(process, target.config.dashcam.keep)
        self._last[target.name] = now_s, cost_s
        return now_s + interval_s(options.interval, cost_s, targets, slow=slow)

    def _read(self, process: HeldProcess, keep_s: float) -> float:
        """Take a row, and give the CPU time that it took."""
        ring = process.signals
        if ring is None:
            ring = process.signals = Ring(
                Reader(process.pid, self._machine),
                process.alive,
                keep_s=keep_s,
                clock=asyncio.get_running_loop().time,
            )
        ring.read(THREADS_IDLE)
        return ring.cost_s

    def _wait(self, seconds: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, self._tick)


def _is_slow(target: Target, now_s: float) -> bool:
    current = target.in_flight
    return current is not None and is_slow(now_s - current.started_s, current.threshold_s)


def wanted(target: Target) -> Host | None:
    """The recorder's options, where the target's configuration has it and wants a lead-up."""
    for part in target.config.collectors if target.config.dashcam.mode != "off" else ():
        if isinstance(part.options, Host):
            return part.options
    return None
