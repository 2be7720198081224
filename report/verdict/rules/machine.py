"""The machine does not let it run: quotas, other processes, memory."""

from typing import Final

from model.comparison import Doing
from model.signals import Name
from model.units import duration
from model.verdict import Cause, Fact, FactKind
from report.verdict import crowd, words
from report.verdict.features import Features
from report.verdict.finding import Finding, Rule
from report.verdict.kernel import Wait

_LEAST: Final = 0.3
_BUSY: Final = 0.8  # of the machine's CPUs
_CROWDED: Final = 0.6  # of the score, where healthy iterations had no more CPU either
_FAULT_S: Final = 0.0003  # that a major fault takes at least
_SWAP_IN: Final = 50.0  # major faults a second, above which memory is short


def _fact(name: Name, value: float, unit: str, text: str) -> Fact:
    return Fact(kind=FactKind.SIGNAL, text=text, value=round(value, 4), unit=unit, signal=name)


def _look_for_quota(features: Features) -> Finding | None:
    throttled = min(1.0, features.mean(Name.CGROUP_THROTTLED) or 0.0)
    periods = features.mean(Name.CGROUP_THROTTLED_PERIODS)
    if throttled < _LEAST:
        return None
    quota = features.mean(Name.CGROUP_CPU_QUOTA)
    limit = f"; its quota is {quota:.2g} cores" if quota else ""
    text = f"Its control group was throttled {words.percent(throttled)} of the time{limit}."
    facts = [_fact(Name.CGROUP_THROTTLED, throttled, "share", text)]
    if periods is not None:
        said = f"Throttled in {words.percent(periods)} of the quota's periods."
        facts.append(_fact(Name.CGROUP_THROTTLED_PERIODS, periods, "share", said))
    return _held_up(
        features,
        Cause.CPU_THROTTLED,
        throttled,
        text,
        facts,
        remedy="Raise the container's CPU limit, or lower the work: threads of one process share the quota.",
        certain=(periods or 0.0) > _LEAST,
    )


def _look_for_others(features: Features) -> Finding | None:
    queued = features.run_queue
    throttled = min(1.0, features.mean(Name.CGROUP_THROTTLED) or 0.0)
    if queued is None or queued - throttled < _LEAST:
        return None
    share = queued - throttled
    busy, cpus, others = (features.mean(n) for n in (Name.HOST_BUSY, Name.HOST_CPUS, Name.HOST_OTHERS))
    stolen = features.mean(Name.HOST_STOLEN) or 0.0
    text = f"It was ready to run, and waited for a CPU, {words.percent(share)} of {duration(features.seen_s)}"
    text += f", while others took {others:.2g} of {cpus:.0f} CPUs." if others and cpus else "."
    facts = [_fact(Name.RUN_QUEUE, share, "share", text)]
    if stolen > 0.1:
        said = f"The hypervisor took {stolen:.2g} cores for others."
        facts.append(_fact(Name.HOST_STOLEN, stolen, "cores", said))
    full = bool(busy and cpus and busy + stolen > _BUSY * cpus)
    usual = crowd.was_crowded(features)
    if usual:
        text += " Before the iteration the machine was as crowded."
    return _held_up(
        features,
        Cause.CPU_STARVED,
        share * (_CROWDED if usual else 1.0),
        text,
        facts,
        remedy="Look at what else runs on this machine; raise the container's CPU request, or move it.",
        certain=full and not crowd.as_crowded(features),
        doubt="" if crowd.knew_crowd(features) else "whether it was so before is not known",
    )


def _held_up(
    features: Features,
    cause: Cause,
    share: float,
    text: str,
    facts: list[Fact],
    *,
    remedy: str,
    certain: bool,
    covers: frozenset[Cause] = frozenset(),
    doubt: str = "",
) -> Finding:
    """A finding of something that held up whatever the thread was at."""
    working = [piece for piece in features.pieces if piece.doing is not Doing.WAITING] or list(
        features.pieces
    )
    where = f" It wanted to run {words.called(words.caller(working[0].frames))}." if features.sampled else ""
    return Finding(
        cause=cause,
        score=min(1.0, share * 1.05),
        sentence=f"{text}{where}",
        facts=tuple(facts),
        frames=(),  # it would have hit whatever runs
        remedy=remedy,
        certain=certain,
        covers=covers,
        doubt=doubt,
    )


def _look_for_memory(features: Features) -> Finding | None:
    pressure = features.mean(Name.PRESSURE_MEMORY) or 0.0
    faults = features.mean(Name.MAJOR_FAULTS) or 0.0
    swapped = features.most(Name.SWAPPED) or 0.0
    waiting = features.share(piece for piece in features.pieces if piece.wait is Wait.DISK)
    full = _fullness(features)
    faulting = min(1.0, faults / _SWAP_IN) * max(waiting, _SYSTEM * (full > _NEAR))
    score = max(pressure, faulting, min(_MOST, faults * _FAULT_S))
    if score < _LEAST:
        return None
    facts = [
        _fact(
            Name.PRESSURE_MEMORY,
            pressure,
            "share",
            f"Waited for memory {words.percent(pressure)} of the time (PSI).",
        ),
        _fact(Name.MAJOR_FAULTS, faults, "1/s", f"{faults:.0f} pages a second came from disk."),
    ]
    if full:
        said = f"Its control group used {words.percent(full)} of its memory limit."
        facts.append(_fact(Name.CGROUP_MEMORY, full, "share", said))
    if swapped:
        facts.append(
            _fact(Name.SWAPPED, swapped, "bytes", f"{swapped / 2**20:.0f} MiB of it were swapped out.")
        )
    text = " ".join(fact.text for fact in facts[:2])
    return _held_up(
        features,
        Cause.MEMORY_PRESSURE,
        min(1.0, score + _FIRST),
        f"Memory was short. {text}",
        facts,
        remedy="Raise the memory limit, or find out what grew: RSS over the lead-up, and allocations.",
        covers=frozenset((Cause.DISK, Cause.OWN_CODE, Cause.NATIVE_CODE)),
        certain=(faults > _SWAP_IN) and (pressure > _LEAST or full > _NEAR or swapped > 0),
    )


def _fullness(features: Features) -> float:
    used, limit = features.most(Name.CGROUP_MEMORY), features.mean(Name.CGROUP_MEMORY_LIMIT)
    return min(1.0, used / limit) if used and limit else 0.0


_NEAR: Final = 0.9
_MOST: Final = 0.85
_SYSTEM: Final = 0.6
_FIRST: Final = 0.1  # what waits for memory is seen as disk or computing too

RULES: Final = {
    "cpu_throttled": Rule(
        Cause.CPU_THROTTLED,
        "The control group throttled for a third of the stalled time or more, and more than the thread ran.",
        _look_for_quota,
        by_signals=True,
    ),
    "cpu_starved": Rule(
        Cause.CPU_STARVED,
        "The thread ready to run without a CPU (schedstat) for most of the stalled time, without "
        "throttling. Sure only "
        "where the machine's CPUs were taken.",
        _look_for_others,
        by_signals=True,
    ),
    "memory_pressure": Rule(
        Cause.MEMORY_PRESSURE,
        "PSI memory for a third of the time or more, or a high rate of major faults together with disk "
        "waits, with the "
        "control group near its limit, or with swapped-out pages.",
        _look_for_memory,
        by_signals=True,
    ),
}
