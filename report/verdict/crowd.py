"""How much of a CPU the thread got that computes, and whether the machine was as crowded before."""

from model.comparison import Doing
from model.signals import Name
from report.verdict.features import Features

_READY = 0.1  # of the time, for a share of it to mean anything
_RUNS = 0.45  # of its time ready to run that a thread has a CPU, to be called busy
_USUAL = 1.0  # times the median iteration, in CPU time: no more than usual
_AS_MUCH = 0.85  # of what other processes take now
_THROTTLED = 0.3
_CROWDED = 1.5  # processes ready to run for each CPU


def ran(features: Features) -> float | None:
    """The share of the first culprit's time ready to run that it had a CPU; None: not read."""
    thread = features.culprit.threads[0]
    if thread.cpu is None or thread.run_queue is None or thread.cpu + thread.run_queue < _READY:
        return None
    return thread.cpu / (thread.cpu + thread.run_queue)


def ready(features: Features) -> float:
    """The share of the time that the first culprit ran or was ready to; all of it where nobody read that.

    Many short waits look like work to whoever looks now and then; the kernel's own count does not.
    """
    thread = features.culprit.threads[0]
    return 1.0 if thread.cpu is None or thread.run_queue is None else thread.cpu + thread.run_queue


def slowed(features: Features) -> float:
    """What is left of a score for computing: less than 1 where a thread got little CPU, unlike before."""
    got = ran(features)
    if got is None or (was_crowded(features) and not throttled(features)):
        return 1.0
    return min(1.0, got / _RUNS)


def short_of_cpu(features: Features) -> bool:
    """Whether the first culprit was mostly ready to run, and had a CPU for less than half of that time."""
    got = ran(features)
    return got is not None and got < _RUNS and features.culprit.threads[0].doing(Doing.ON_CPU) > _RUNS


def throttled(features: Features) -> bool:
    """Whether the control group was throttled for a third of the time: that is not the machine's crowd."""
    return (features.mean(Name.CGROUP_THROTTLED) or 0.0) > _THROTTLED


def was_crowded(features: Features) -> bool:
    """Whether the machine was as crowded before the iteration, and its own CPU time is more than usual.

    Then a lack of CPU, which healthy iterations had too, is not what made this one slow.
    """
    history, thread = features.capture.history, features.culprit.threads[0]
    if history and thread.cpu is not None and thread.cpu * features.age_s < _USUAL * history.median_s:
        return False
    return as_crowded(features)


def as_crowded(features: Features) -> bool:
    """Whether the machine was as crowded before the iteration."""
    cpus, load = features.most(Name.HOST_CPUS), features.before(Name.HOST_LOAD)
    others, now = features.before(Name.HOST_OTHERS), features.mean(Name.HOST_OTHERS)
    if others is not None and now is not None:
        return others > _AS_MUCH * now
    return bool(cpus) and load is not None and load > _CROWDED * (cpus or 1)


def knew_crowd(features: Features) -> bool:
    """Whether the machine's load, or the iterations, were looked at before this one began."""
    return (
        bool(features.capture.history)
        or features.before(Name.HOST_LOAD) is not None
        or features.before(Name.HOST_OTHERS) is not None
    )
