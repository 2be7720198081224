"""Which sampler a capture uses: the one that gives more samples within the budget."""

import asyncio
from collections.abc import Mapping

import msgspec

from collectors.contract import Cost, Looker, Sampler
from daemon.capture import trials
from daemon.capture.budget import Limits, Pace, estimate
from daemon.capture.cgroups import cpu_quota
from daemon.targets.process import HeldProcess
from model.errors import CollectorError

AUTO = "auto"


class Sampling(msgspec.Struct, frozen=True, kw_only=True):
    """With what, and within which limits, stacks may be taken."""

    name: str  # the looker's
    looker: Looker
    others: Mapping[str, Sampler] = {}  # that may sample in its place: one at most
    asked: str = AUTO  # a sampler's name, or auto
    limits: Limits = Limits()


class Other(msgspec.Struct, frozen=True, kw_only=True):
    """A sampler that could be used in the looker's place; `unfit` says why it cannot."""

    name: str
    sampler: Sampler
    unfit: str = ""


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """A sampler by its name, how often it samples, and why it was chosen."""

    name: str
    sampler: Sampler
    pace: Pace
    why: str


def bearable(looker: Looker) -> tuple[Looker, str]:
    """The looker as it may be used here, and why that is not as configured."""
    if not looker.pauses_target() or (quota := cpu_quota()) is None:
        return looker, ""
    why = f"loopcam may use {quota:.2g} cores only, and when it is throttled the target would stand still"
    return looker.gentle(), why


async def other(sampling: Sampling, process: HeldProcess) -> Other | None:
    """The sampler that might take the looker's place, as far as it was tried on such a process."""
    for name, sampler in sampling.others.items():
        unfit = trials.unfit(name, process)
        if unfit == trials.NOT_TRIED and sampling.asked == name:
            unfit = await _missing(sampler)
        return Other(name=name, sampler=sampler, unfit=unfit)
    return None


async def _missing(sampler: Sampler) -> str:
    try:
        await asyncio.to_thread(sampler.version)
    except CollectorError as error:
        return str(error)
    return ""


def choose(sampling: Sampling, looker: Looker, better: Other | None, cost: Cost) -> Choice:
    """The looker serves where the other one is not wanted, cannot be used, or is no better."""
    own = estimate(looker, cost, sampling.limits)

    def stay(why: str) -> Choice:
        return Choice(name=sampling.name, sampler=looker, pace=own, why=why)

    if better is None or sampling.asked == sampling.name:
        return stay("configured" if sampling.asked == sampling.name else "")
    if sampling.asked == AUTO and (options := looker.only_here()):
        return stay(f"only {sampling.name} can do {', '.join(f'`{option}`' for option in options)}")
    if better.unfit:
        return stay(f"{better.name} cannot be used: {better.unfit}")
    pace = estimate(better.sampler, cost, sampling.limits)
    theirs = Choice(name=better.name, sampler=better.sampler, pace=pace, why="configured")
    if sampling.asked == better.name:
        return theirs
    compared = f"{better.name} {pace.rate_hz} Hz, {sampling.name} {own.rate_hz} Hz within the budget"
    return msgspec.structs.replace(theirs if pace.rate_hz > own.rate_hz else stay(""), why=compared)
