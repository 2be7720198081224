"""Where there are many targets, what is to be looked at each second does not wait until all were tried."""

import os

import pytest

from daemon.config import settings
from daemon.config.load import parse
from daemon.targets import fleet as fleets
from daemon.targets.fleet import Fleet
from daemon.targets.held import Held
from daemon.targets.possible import Possible

COUNT, TAKES_S = 10, 0.2


class Clock:
    """Goes on only while something is tried."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def monotonic(self) -> float:
        """Seconds."""
        return self.now_s


async def test_one_look_tries_some_and_the_next_ones_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, tried = Clock(), []

    async def check(_held: Held, config: settings.Target) -> Possible:
        clock.now_s += TAKES_S
        tried.append(config.name)
        return Possible(True, "ok")

    monkeypatch.setattr(fleets, "time", clock)
    monkeypatch.setattr(fleets, "SETTLED_S", 0.0)
    monkeypatch.setattr(fleets, "_check", check)
    named = [f"{{name: t{n}, process: {{pid: {os.getpid()}}}, max_loop_time: 1m}}" for n in range(COUNT)]
    fleet = Fleet(parse(f"targets: [{', '.join(named)}]", "a test").targets, lambda _target: None)
    for target in fleet:
        target.hold(os.getpid())
    looks = 0
    while not all(target.possible.possible for target in fleet):
        before = len(tried)
        await fleet.check()
        looks += 1
        assert 0 < len(tried) - before <= fleets.CHECKS_LAST_S / TAKES_S + 1
    for target in fleet:
        target.let_go()
    assert sorted(tried) == sorted(fleet.targets)
    assert looks > 1
