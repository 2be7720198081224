"""What a capture of a target takes."""

import asyncio
import contextlib
from collections.abc import Mapping
from typing import cast

import msgspec

from collectors import SAMPLERS
from collectors.contract import Collector, Looker, Sampler
from daemon.capture import trials
from daemon.capture.budget import Limits
from daemon.capture.choice import AUTO, Sampling
from daemon.config import settings
from daemon.config.parts import COLLECTOR_FAMILY
from daemon.targets.process import HeldProcess
from daemon.triggers.early import Early
from model.errors import CollectorError
from model.events import PlanName, Trigger, TriggerKind

LOOKER, OTHER = "pyspy", "austin"
DRILL_S = 2.0


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How a capture of a target takes stacks, if it does, and its collectors by name."""

    sampling: Sampling | None
    collectors: Mapping[str, Collector]


def plan(config: settings.Target, trigger: Trigger | None = None) -> Plan:
    """Sort a target's configured parts into what samples and what collects, as far as a trigger wants it.

    A light capture takes stacks for a short while and leaves out what costs much; of a process that ended
    only what needs no process can be had.
    """
    ended = trigger is not None and trigger.kind is TriggerKind.EXIT
    light = trigger is not None and trigger.plan is PlanName.LIGHT
    collectors = {p.name: p.options for p in config.collectors if isinstance(p.options, Collector)}
    wanted = {
        name: one
        for name, one in collectors.items()
        if (one.light or not light) and (one.posthumous or not ended)
    }
    return Plan(sampling=None if ended else sampling(config), collectors=wanted)


def collection_time_s(config: settings.Target, trigger: Trigger) -> float:
    """How long the window of a capture may be."""
    if trigger.plan is PlanName.DRILL:
        return min(DRILL_S, config.collection_time)
    if trigger.plan is PlanName.LIGHT:
        light = (p.options.collection_time for p in config.triggers if isinstance(p.options, Early))
        return next(light, config.collection_time)
    return config.collection_time


def sampling(config: settings.Target) -> Sampling | None:
    """How stacks are taken: with py-spy's looks, and with the samplers that may be meant."""
    given = {p.kind: p.options for p in config.collectors if isinstance(p.options, Sampler)}
    if not given:
        return None
    looker = cast("Looker", given[LOOKER] if LOOKER in given else _default(LOOKER))
    others = {OTHER: given[OTHER]} if OTHER in given else {}
    # Whoever configures py-spy's rate, and nothing of the other one, means py-spy.
    meant = config.sampler == OTHER or (config.sampler == AUTO and looker.asked_rate_hz() is None)
    if not others and meant and OTHER in SAMPLERS:
        others = {OTHER: _default(OTHER)}
    limits = Limits(cpu=config.cpu_budget, pause=config.pause_budget)
    return Sampling(name=LOOKER, looker=looker, others=others, asked=config.sampler, limits=limits)


def _default(name: str) -> Sampler:
    return cast("Sampler", COLLECTOR_FAMILY.find(name)())


async def try_out(how: Sampling | None, process: HeldProcess) -> None:
    """Try what may sample in the looker's place on a process, long before it overruns."""
    if how is None:
        return
    with contextlib.suppress(CollectorError):  # a capture tells
        await asyncio.to_thread(how.looker.version)  # its program is read and checked before there is a hurry
    if how.asked == AUTO and how.looker.only_here():
        return
    for name, sampler in how.others.items():
        await trials.attempt(name, sampler, process, wanted=how.asked == name)
