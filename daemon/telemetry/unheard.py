"""Targets that are not heard, though they were or should be: no overrun of them would be noticed."""

import logging
from collections.abc import Iterable, Iterator

import msgspec

from daemon.core import Core
from daemon.sources import RUNNERS
from daemon.targets.held import Held
from daemon.targets.target import Target, TargetState
from model.units import Seconds

_LOG = logging.getLogger(__name__)


class Unheard(msgspec.Struct, frozen=True):
    """One reason."""

    problem: str
    remedy: str


def unheard(core: Core, target: Target, now_s: float) -> Iterator[Unheard]:
    """Every reason; none on standby, where nothing is to be heard."""
    if problem := _silence(core, target, now_s):
        yield Unheard(problem, "is the heartbeat still sent?")
    yield from _deafness(core, target)


def _deafness(core: Core, target: Target) -> Iterator[Unheard]:
    """The deciding source was heard once, and is down."""
    for part in target.config.iterations:
        if target.deaf and part.name == target.deciding and part.name in target.heard_s:
            said = core.sources.condition(target, part)
            yield Unheard(f"source {part.name} hears nothing: {said.detail}", said.remedy)


def _silence(core: Core, target: Target, now_s: float) -> str:
    """A source that fell silent; a told iteration in flight explains silence, and so does standby."""
    pulse = core.events.pulses.get(target.name)
    told = target.watch.rules.mode == "start_end" and target.watch.in_flight is not None
    if pulse is None or told or target.state(now_s) is not TargetState.ACTIVE:
        return ""
    silent_s, usual_s = pulse.silent_s(now_s), pulse.usual_s()
    if silent_s is None or usual_s is None:
        return ""
    silent, usual = Seconds(round(silent_s)), Seconds(round(usual_s, 3))
    return f"source heartbeat silent for {silent}, usually it speaks every {usual}"


class NeverHeard:
    """Tells once of each process that sent no heartbeat; sources that run tell in the log for themselves."""

    def __init__(self) -> None:
        self._told: dict[str, Held] = {}

    def look(self, targets: Iterable[Target], now_s: float) -> None:
        """Tell of those whose first iteration should be over by now; on standby that is as it should be."""
        for target in targets:
            held = target.held
            if held is None or self._told.get(target.name) is held or not _sent_nothing(target, now_s):
                continue
            self._told[target.name] = held
            remedy = "unless it is a replica on standby: does the target send them to loopcam?"
            _LOG.info("no heartbeat yet", extra={"target": target.name, "remedy": remedy})


def _sent_nothing(target: Target, now_s: float) -> bool:
    by_heartbeat = any(part.kind not in RUNNERS for part in target.config.iterations)
    return by_heartbeat and not target.heard_s and target.state(now_s) is TargetState.STANDBY
