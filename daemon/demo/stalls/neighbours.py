"""Stalls that others cause: they stop the program, or have the CPU."""

import os
import time

from daemon.demo.guard import guarding
from daemon.demo.packing import simulate_binpacking_of_pending_pods
from daemon.demo.stalls.contract import Setting, lasting
from daemon.demo.stalls.groups import Group, enter, freezer_words, without

_HOGS = 10
_GROUPS: dict[str, Group] = {}  # what was made ready


def place_pods(setting: Setting) -> None:
    """Computes on one core, which ten other processes want too."""
    allowed = os.sched_getaffinity(0)
    core = max(allowed)
    with guarding("hog", core, _HOGS, setting.seconds + 5):
        os.sched_setaffinity(0, {core})  # this thread only
        try:
            simulate_binpacking_of_pending_pods(setting.seconds)
        finally:
            os.sched_setaffinity(0, allowed)


def watch_rollout(setting: Setting) -> None:
    """Works a little, until somebody stops it and lets it go on."""
    with guarding("stop", os.getpid(), setting.seconds):
        _work(setting.seconds)


def watch_upgrade(setting: Setting) -> None:
    """The same by a control group."""
    name, frozen, thawed = freezer_words()
    with guarding("freeze_group", _GROUPS["freezer"].folder / name, frozen, thawed, setting.seconds):
        _work(setting.seconds)


def enter_freezer(setting: Setting) -> None:
    """A group that can be frozen."""
    _GROUPS["freezer"] = enter("freezer", setting)


def without_freezer() -> str:
    """What `watch_upgrade` needs."""
    return without("freezer")


def _work(seconds: float) -> None:
    for _ in lasting(seconds):
        simulate_binpacking_of_pending_pods(0.005)
        time.sleep(0.005)
