"""One target: its process, its loop, its state, and whether it could be captured."""

import logging
import time
from collections.abc import Callable
from enum import StrEnum

import msgspec

from daemon.config import settings
from daemon.targets.process import HeldProcess
from daemon.watch import LoopWatch, Rules
from model.errors import TargetError
from model.events import MAIN_LOOP

_LOG = logging.getLogger(__name__)


class TargetState(StrEnum):
    """Where a target is in its life."""

    WAITING = "waiting"  # its process was never seen
    STARTING = "starting"  # before the end of its first iteration
    STANDBY = "standby"  # never started a loop, or said that nothing is due
    ACTIVE = "active"
    GONE = "gone"  # its process ended


class Possible(msgspec.Struct, frozen=True):
    """Whether a capture would work now, and in one word why."""

    possible: bool
    reason: str
    detail: str = ""
    remedy: str = ""


UNKNOWN = Possible(False, "not_checked")
NO_PROCESS = Possible(False, "no_process", "the target's process is not there", "is it started?")


def rules(config: settings.Target) -> Rules:
    """The loop rules that a target's configuration asks for; its first source decides."""
    heartbeat = config.iterations[0].options
    return Rules(
        mode=heartbeat.mode,
        max_loop_time_s=config.max_loop_time,
        first_loop_time_s=config.first_loop_time or config.max_loop_time,
        idle_allowance_s=heartbeat.idle_allowance or 0.0,
    )


class Target:
    """What the daemon holds of one target."""

    def __init__(self, config: settings.Target, on_exit: Callable[["Target"], None]) -> None:
        self.config = config
        self.watch = LoopWatch(config.name, MAIN_LOOP, rules(config))
        self.process: HeldProcess | None = None
        self.possible = NO_PROCESS
        self._on_exit = on_exit
        self._seen_s: float | None = None
        self._gone = False

    @property
    def name(self) -> str:
        """Its name in the configuration."""
        return self.config.name

    @property
    def pid(self) -> int | None:
        """Its process, while it has one."""
        return self.process.pid if self.process else None

    @property
    def lost_for_good(self) -> bool:
        """Whether a bare pid was given and its process ended: the number is not trusted a second time."""
        return self._gone and self.config.process.pid is not None

    def state(self, now_s: float) -> TargetState:
        """Where it is in its life at a monotonic time."""
        if self.process is None:
            return TargetState.GONE if self._gone else TargetState.WAITING
        if self.watch.idle:
            return TargetState.STANDBY
        if self.watch.iterations:
            return TargetState.ACTIVE
        if self.watch.in_flight is not None:
            return TargetState.STARTING
        waited_s = now_s - (self._seen_s or now_s)
        return TargetState.STARTING if waited_s < self.watch.rules.first_loop_time_s else TargetState.STANDBY

    def hold(self, pid: int) -> None:
        """Take hold of its process; a process that ends meanwhile is simply not there yet."""
        try:
            process = HeldProcess(pid)
        except TargetError as error:
            _LOG.info("process not held", extra={"target": self.name, "error": str(error)})
            return
        self.let_go()
        self.process, self.possible, self._gone = process, UNKNOWN, False
        self._seen_s = time.monotonic()
        fresh = process.age_s() < self.watch.rules.first_loop_time_s
        self.watch.process_found(fresh=fresh)
        process.watch(lambda: self._exited(process))
        _LOG.info("target found", extra={"target": self.name, "pid": pid, "state": self.state(self._seen_s)})

    def let_go(self) -> None:
        """Drop the process, with the iteration it ran."""
        if self.process is not None:
            self.process.close()
            self.process, self.possible = None, NO_PROCESS
            self.watch.process_gone()

    def reconfigure(self, config: settings.Target) -> None:
        """Go on under a new configuration with the same selector."""
        self.config = config
        self.watch.adopt(rules(config))

    def _exited(self, process: HeldProcess) -> None:
        if self.process is process:
            _LOG.info("target gone", extra={"target": self.name, "pid": process.pid})
            self._gone = True
            self._on_exit(self)
            self.let_go()
