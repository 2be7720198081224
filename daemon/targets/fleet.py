"""All targets: finding their processes, following their restarts, checking that each could be captured."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

from daemon.capture.look import look
from daemon.capture.plan import sampling, try_out
from daemon.config import settings
from daemon.config.selector import Selector
from daemon.targets.collecting import check_collectors
from daemon.targets.commands import Commands
from daemon.targets.find import find
from daemon.targets.group import Group
from daemon.targets.held import Held
from daemon.targets.possible import Possible
from daemon.targets.process import HeldProcess
from daemon.targets.target import Target
from daemon.targets.units import Units
from model.capture import Outcome
from model.errors import CollectorError

_LOG = logging.getLogger(__name__)

CHECK_FIRST_S, CHECK_MOST_S = 1.0, 60.0
CHECKS_LAST_S = 1.0  # of one look: where there are many targets, the others are for the next one
FINDING_PATIENCE_S = 1.0  # a systemd that does not answer holds up nothing else
SETTLED_S = 1.0  # an interpreter that is just starting looks like no Python at all


class Fleet:
    """The targets by name. A capture may hold a process longer than its target does."""

    def __init__(self, configs: Iterable[settings.Target], on_exit: Callable[[Target], None]) -> None:
        self._on_exit = on_exit
        self._units, self._commands = Units(), Commands()
        self._next_check_s: dict[str, tuple[float, float]] = {}
        self._judging: dict[str, asyncio.Task[None]] = {}
        self._finding: asyncio.Task[dict[str, int]] | None = None
        self._wanted: dict[str, Selector] = {}
        self._entries: dict[str, Target | Group] = {}
        self.targets: dict[str, Target] = {}
        self.reconfigure(configs)

    def __iter__(self) -> Iterator[Target]:
        return iter(self.targets.values())

    def __getitem__(self, name: str) -> Target:
        return self.targets[name]

    async def look(self) -> bool:
        """Find what is missing, and say whether targets came or went as a whole.

        Processes that are not there, pidfiles that name another one by now, and addresses.
        """
        await self._look_for_processes()
        groups = [entry for entry in self._entries.values() if isinstance(entry, Group)]
        changed = await asyncio.gather(*(group.look() for group in groups))
        if any(changed):
            self._list()
        return any(changed)

    def reconfigure(self, configs: Iterable[settings.Target]) -> None:
        """Take up a new configuration: same name and selector keep their process, iterations and limits."""
        kept, self._entries = self._entries, {}
        for config in configs:
            old = kept.get(config.name)
            if old is not None and _same_place(old.config, config):
                kept.pop(config.name).reconfigure(config)
                self._entries[config.name] = old
            else:
                made = Target if config.process.given else Group
                self._entries[config.name] = made(config, self._on_exit)
        for gone in kept.values():
            gone.let_go()
        self._list()

    def _list(self) -> None:
        self.targets = {}
        for entry in self._entries.values():
            members = (entry,) if isinstance(entry, Target) else entry.members.values()
            self.targets |= {target.name: target for target in members}
        kept = self._next_check_s.keys() & self.targets.keys()
        self._next_check_s = {name: self._next_check_s[name] for name in kept}

    async def _look_for_processes(self) -> None:
        """Find them, once at a time; an answer that is late is taken at a later look."""
        if self._finding is None:
            self._wanted = {target.name: target.config.process for target in self if _sought(target)}
            if not self._wanted:
                return
            finding = asyncio.to_thread(find, self._wanted, self._units, self._commands)
            self._finding = asyncio.create_task(finding, name="find processes")
        done, _ = await asyncio.wait({self._finding}, timeout=FINDING_PATIENCE_S)
        if done:
            found, self._finding = self._finding, None
            self._found(found.result())

    def _found(self, pids: Mapping[str, int]) -> None:
        """Hold what was found for targets that still look for it, and tell of units that have no process."""
        for name, selector in self._wanted.items():
            target = self.targets.get(name)
            if target is None or target.config.process != selector:  # reconfigured meanwhile
                continue
            if (pid := pids.get(name)) is not None and target.pid != pid:
                target.hold(pid)
                self._next_check_s.pop(name, None)
            if selector.unit is not None:
                self._say_absent(target, self._units.absence(selector.unit))

    def _say_absent(self, target: Target, why: Possible) -> None:
        """Tell, once, why the unit that a target is has no process."""
        if target.held is not None or target.possible == why:
            return
        target.possible = why
        about = {"target": target.name, "why": why.detail, "remedy": why.remedy}
        _LOG.warning("no process to watch", extra=about)

    async def check(self) -> None:
        """Try, without pausing it, whether each new target can be looked at; if not, again and again."""
        until_s = time.monotonic() + CHECKS_LAST_S
        for target in list(self):
            if time.monotonic() > until_s:
                return
            held = target.held
            if held is None or _settled(target) or held.age_s() < SETTLED_S:
                continue
            next_s, wait_s = self._next_check_s.get(target.name, (0.0, CHECK_FIRST_S))
            if time.monotonic() < next_s or target.name in self._judging:
                continue
            self._next_check_s[target.name] = (time.monotonic() + wait_s, min(CHECK_MOST_S, wait_s * 2))
            if target.by_address:  # a server that hangs must not keep us from the others
                task = asyncio.create_task(self._judge(target, held), name=f"check of {target.name}")
                self._judging[target.name] = task
                task.add_done_callback(partial(self._judged, target.name))
            else:
                await self._judge(target, held)

    def _judged(self, name: str, task: asyncio.Task[None]) -> None:
        del self._judging[name]
        if not task.cancelled() and (error := task.exception()) is not None:
            _LOG.error("check failed", exc_info=error, extra={"target": name})

    async def _judge(self, target: Target, held: Held) -> None:
        judged = await _check(held, target.config)
        if target.held is held:
            self._say(target, judged)

    def _say(self, target: Target, judged: Possible) -> None:
        if judged != target.possible and judged.detail and not target.deaf:  # its source tells that
            said = "captures lack a part" if judged.possible else "no capture possible"
            about = {"target": target.name, "reason": judged.reason, "why": judged.detail}
            _LOG.warning(said, extra={**about, "remedy": judged.remedy})
        target.possible = judged


def _sought(target: Target) -> bool:
    """Whether its process is missing, or a pidfile may name another one by now."""
    if target.by_address or target.lost_for_good or target.config.process.peer:  # a peer tells who it is
        return False
    return target.process is None or target.config.process.pidfile is not None


def _settled(target: Target) -> bool:
    """Whether there is nothing to find out: all would work, and nothing tells that it ceased to."""
    fine = target.possible.possible and not target.possible.detail
    return fine and not (target.by_address and target.deaf)


def _same_place(old: settings.Target, new: settings.Target) -> bool:
    if old.process != new.process:
        return False
    return old.process.given != () or old.address == new.address


async def _check(process: Held, config: settings.Target) -> Possible:
    how = sampling(config)
    if how is None or not isinstance(process, HeldProcess):
        return await check_collectors(config, process)
    try:
        judged = (await look(how.looker.gentle(), process, keep=2)).judged
        if judged.outcome is Outcome.COMPLETE:
            await try_out(how, process)
    except CollectorError as error:
        return Possible(False, error.outcome, str(error), error.remedy)
    if judged.outcome is Outcome.COMPLETE:
        return Possible(True, "ok")
    detail, remedy = judged.detail, judged.remedy
    if judged.outcome is Outcome.NOT_PERMITTED:
        from daemon.doctor.refusal import explained  # here, and not above: only a refusal needs it

        why = await asyncio.to_thread(explained, process.pid)
        detail = f"{detail}: {why}" if why else detail
        remedy = f"{remedy}; `loopcam doctor --pid {process.pid}` has the lines for it"
    return Possible(False, judged.outcome, detail, remedy)
