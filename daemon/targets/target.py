"""One target: its process, its loop, its state, and whether it could be captured."""

import logging
import time
from collections.abc import Callable
from enum import StrEnum

import msgspec

from daemon.config import settings
from daemon.sources.contract import Source
from daemon.targets.held import Held
from daemon.targets.possible import NO_ADDRESS, NO_PROCESS, UNKNOWN, Possible
from daemon.targets.process import HeldProcess
from daemon.watch.crowd import CrowdWatch
from daemon.watch.iterations import ACCEPTED, Ended, InFlight, Rules, Stray, Watch
from daemon.watch.sequence import LoopWatch
from model.errors import LoopcamError, TargetError
from model.events import MAIN_LOOP, Event, Trigger

_LOG = logging.getLogger(__name__)


class TargetState(StrEnum):
    """Where a target is in its life."""

    WAITING = "waiting"  # its process was never seen
    STARTING = "starting"  # before the end of its first iteration
    STANDBY = "standby"  # never started a loop, said that nothing is due, or cannot be heard
    ACTIVE = "active"
    GONE = "gone"  # its process ended


def rules(config: settings.Target, source: Source) -> Rules:
    """The loop rules that a target's configuration asks for, as one of its sources tells of the loop."""
    told = source.loop_rules()
    made = Rules(
        mode=told.mode,
        max_loop_time_s=config.threshold_s,
        first_loop_time_s=config.first_loop_time or config.threshold_s,
        idle_allowance_s=told.idle_allowance_s,
        concurrent=told.concurrent,
        lag_s=told.lag_s,
        remembers=told.remembers,
    )
    for part in config.triggers:
        made = part.options.on_loop(made)
    return made


def made_watch(config: settings.Target, source: Source) -> Watch:
    """A watch of the loop, as one of the sources tells of it."""
    made = rules(config, source)
    kind = CrowdWatch if made.concurrent else LoopWatch
    return kind(config.name, MAIN_LOOP, made)


class Target:
    """What the daemon holds of one target."""

    def __init__(self, config: settings.Target, on_exit: Callable[["Target"], None]) -> None:
        self.config = config
        self.watches = {part.name: made_watch(config, part.options) for part in config.iterations}
        self.held: Held | None = None
        self.possible = self.absent
        self._on_exit = on_exit
        self._seen_s: float | None = None
        self._gone = False
        self.heard_s: dict[str, float] = {}  # when each source spoke of this process, those that did
        self._deaf: set[str] = set()  # sources that hear nothing now
        self._decide()

    @property
    def in_flight(self) -> InFlight | None:
        """The iteration that runs now, the oldest of several; none while nobody could hear its end."""
        return None if self.deaf else self.watch.in_flight

    @property
    def name(self) -> str:
        """Its name in the configuration."""
        return self.config.name

    @property
    def process(self) -> HeldProcess | None:
        """Its process, while it has one."""
        return self.held if isinstance(self.held, HeldProcess) else None

    @property
    def by_address(self) -> bool:
        """Whether nothing but its HTTP is within reach."""
        return not self.config.process.given

    @property
    def absent(self) -> Possible:
        """What is said of it while it is not there."""
        return NO_ADDRESS if self.by_address else NO_PROCESS

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
        if self.held is None:
            return TargetState.GONE if self._gone else TargetState.WAITING
        if self.watch.idle or self.deaf:
            return TargetState.STANDBY
        if self.watch.iterations:
            return TargetState.ACTIVE
        if self.watch.in_flight is not None:
            return TargetState.STARTING
        waited_s = now_s - (self._seen_s or now_s)
        return TargetState.STARTING if waited_s < self.watch.rules.first_loop_time_s else TargetState.STANDBY

    def take(self, event: Event) -> tuple[Ended | Stray, ...]:
        """Take an event of one of its sources, and say what followed from it; the others only annotate.

        Raises LoopcamError when it has no such source, or one whose mode knows no such event.
        """
        watch = self._watch_of(event)
        mode = watch.rules.mode
        if event.kind not in ACCEPTED[mode]:
            known = ", ".join(sorted(ACCEPTED[mode]))
            raise LoopcamError(
                f"target {self.name} is in mode {mode}, which has no event {event.kind}",
                remedy=f"send one of {known}, or set `mode` of its {event.source} source",
            )
        first = event.source not in self.heard_s
        self.heard_s[event.source] = event.at_s
        if first:
            self._decide()
        happened = watch.take(event)
        if event.source in self._deaf:  # parts are heard: too little to judge
            happened = tuple(_unjudged(one) for one in happened)
        return happened if watch is self.watch else ()

    def due_s(self) -> float | None:
        """When an iteration in flight fires next, in monotonic seconds."""
        return None if self.deaf else self.watch.due_s()

    def fire(self, now_s: float) -> Trigger | None:
        """One trigger that is due, if any is; call it again for the next. Silence of a deaf source is none.

        What the other sources see of it fires in silence: were one of them to decide later, it would be no
        second overrun.
        """
        deciding = self.watch
        trigger = None if self.deaf else deciding.fire(now_s)
        if trigger is not None:
            for watch in self.watches.values():
                while watch is not deciding and watch.fire(now_s):
                    pass
        return trigger

    def source_up(self, name: str, *, up: bool, at_s: float) -> None:
        """A source begins or ceases to hear its target; few can know what went on meanwhile."""
        if up is not (name in self._deaf):
            return
        self._deaf ^= {name}
        self._decide()
        if up and not self.watches[name].rules.remembers:
            self.watches[name].heard_again(at_s)

    def hold(self, pid: int) -> None:
        """Take hold of its process; a process that ends meanwhile is simply not there yet."""
        try:
            process = HeldProcess(pid)
        except TargetError as error:
            _LOG.info("process not held", extra={"target": self.name, "error": str(error)})
            return
        self.take_hold(process)

    def take_hold(self, process: Held) -> None:
        """Have this process, or this address, which is held already."""
        self.let_go()
        self.held, self.possible, self._gone = process, UNKNOWN, False
        self._seen_s = time.monotonic()
        fresh = process.age_s() < self.watch.rules.first_loop_time_s
        for watch in self.watches.values():
            watch.process_found(fresh=fresh)
        process.watch(lambda: self._exited(process))
        _LOG.info("target found", extra={**self._about(), "state": self.state(self._seen_s)})

    def let_go(self) -> None:
        """Drop the process, with the iteration it ran."""
        if self.held is not None:
            self.held.close()
            self.held, self.possible = None, self.absent
            self.heard_s.clear()
            self._decide()
            for watch in self.watches.values():
                watch.process_gone()

    def reconfigure(self, config: settings.Target) -> None:
        """Go on under a new configuration with the same selector."""
        before, self.config = self.watches, config
        self.watches = {}
        for part in config.iterations:
            new, old = made_watch(config, part.options), before.get(part.name)
            if old is not None and type(old) is type(new):
                old.adopt(new.rules)
                new = old
            self.watches[part.name] = new
        self._deaf &= self.watches.keys()
        self._decide()

    def _decide(self) -> None:
        """Which source decides: the first in order that was heard and still hears.

        Kept, since each event asks for it several times.
        """
        hears = (name for name in self.watches if name in self.heard_s and name not in self._deaf)
        self.deciding = next(hears, next(iter(self.watches)))
        self.watch = self.watches[self.deciding]  # the loop as that source sees it
        self.deaf = self.deciding in self._deaf  # whether nothing can be known of its loop now

    def _watch_of(self, event: Event) -> Watch:
        if event.source not in self.watches:
            raise LoopcamError(
                f"target {self.name} has no source {event.source}",
                remedy=f"add `{event.source}` to its `iterations`: they are {', '.join(self.watches)}",
            )
        return self.watches[event.source]

    def _about(self) -> dict[str, object]:
        where = {"address": self.config.address[0]} if self.by_address else {"pid": self.pid}
        return {"target": self.name, **where}

    def _exited(self, process: Held) -> None:
        if self.held is process:
            _LOG.info("target gone", extra=self._about())
            self._gone = True
            self._on_exit(self)
            self.let_go()


def _unjudged(happening: Ended | Stray) -> Ended | Stray:
    """What happened, without a word on whether it took too long."""
    if isinstance(happening, Ended):
        return msgspec.structs.replace(happening, overran=False, unseen=False, whole=False)
    return happening
