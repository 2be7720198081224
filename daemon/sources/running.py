"""Runs the sources that fetch what they know: a task each, ended and begun with the configuration."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from importlib import import_module
from pathlib import Path

import msgspec

from daemon.config.parts import Part
from daemon.sources import RUNNERS
from daemon.sources.conditions import Conditions
from daemon.sources.contract import Condition, Post, Source
from daemon.targets.fleet import Fleet
from daemon.targets.process import HeldProcess
from daemon.targets.target import Target
from daemon.telemetry.series import Telemetry
from daemon.triggers.line import patterns
from fetch.access import Endpoint
from model.events import Event

_LOG = logging.getLogger(__name__)

_STARTING = Condition(False, "it has not begun to read")
_UNHEARD = Condition(False, "it has not been heard of this process", "does the target send to loopcam?")

Run = Callable[[Source, Post], Awaitable[None]]


class _Wanted(msgspec.Struct, frozen=True):
    """A source that should run."""

    target: str
    name: str
    kind: str
    options: Source
    endpoint: Endpoint | None
    lines: tuple[str, ...]


class Sources:
    """Every running source of every target."""

    def __init__(
        self,
        fleet: Fleet,
        deliver: Callable[[Event], None],
        folder: Path,
        telemetry: Telemetry,
        line: Callable[[str, str], None],
    ) -> None:
        """`folder` is where sources remember what they need after a restart.

        `line` is told the target and the pattern of one of its triggers when a new line matches it.
        """
        self._conditions = Conditions()
        self._fleet = fleet
        self._deliver = deliver
        self._folder = folder
        self._telemetry = telemetry
        self._line = line
        self._running: dict[_Wanted, asyncio.Task[None]] = {}

    def use(self) -> None:
        """Run the sources of the targets as they are configured now; those that stay go on undisturbed."""
        wanted = set(self._wanted())
        for one in [one for one in self._running if one not in wanted]:
            self._running.pop(one).cancel()
            self._conditions.forget((one.target, one.name))
        for one in wanted - self._running.keys():
            name = f"source {one.name} of {one.target}"
            self._running[one] = asyncio.create_task(self._run(one), name=name)

    def condition(self, target: Target, part: Part[Source]) -> Condition:
        """Whether a source of a target hears it; one that does not run is up once it was heard."""
        if part.kind in RUNNERS:
            return self._conditions.get((target.name, part.name)) or _STARTING
        return Condition(True) if part.name in target.heard_s else _UNHEARD

    async def stop(self) -> None:
        """End them all, and wait until they have remembered what they need."""
        tasks = list(self._running.values())
        self._running.clear()
        self._conditions.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _wanted(self) -> Iterator[_Wanted]:
        for target in self._fleet:
            if target.by_address and target.held is None:  # there is nobody to listen to
                continue
            config, lines = target.config, patterns(target.config.triggers)
            for part in config.iterations:
                if part.kind in RUNNERS:
                    yield _Wanted(target.name, part.name, part.kind, part.options, config.endpoint, lines)

    async def _run(self, one: _Wanted) -> None:
        post = Post(
            target=one.target,
            name=one.name,
            deliver=self._deliver,
            report=partial(self._reported, one),
            process=lambda: self._process(one.target),
            endpoint=one.endpoint,
            folder=self._folder,
            telemetry=self._telemetry,
            lines=one.lines,
            line=partial(self._line, one.target),
        )
        try:
            await _runner(one.kind)(one.options, post)
        except Exception as error:  # noqa: BLE001  # a source that breaks is told, watching goes on
            _LOG.exception("source failed", extra={"target": one.target, "source": one.name})
            self._reported(one, Condition(False, f"{type(error).__name__}: {error}", "please report this"))

    def _process(self, target: str) -> HeldProcess | None:
        found = self._fleet.targets.get(target)
        return found.process if found else None

    def _reported(self, one: _Wanted, condition: Condition) -> None:
        if found := self._fleet.targets.get(one.target):
            found.source_up(one.name, up=condition.up, at_s=time.monotonic())
        self._conditions.note((one.target, one.name), condition)


def _runner(kind: str) -> Run:
    module, _, name = RUNNERS[kind].partition(":")
    run: Run = getattr(import_module(module), name)
    return run
