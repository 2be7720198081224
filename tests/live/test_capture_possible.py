"""Whether a target could be captured is known before it stalls."""

import asyncio
import os
import signal

from daemon.config import settings
from daemon.config.settings import Selector
from daemon.targets.fleet import SETTLED_S, Fleet
from daemon.targets.possible import Possible
from model.units import Seconds
from tests.live.captures import until
from tests.targets import Targets


async def looked_at(pid: int) -> Possible:
    """What is said of a target, once its process is old enough for a judgement and was looked at."""
    config = settings.Target(name="demo", process=Selector(pid=pid), max_loop_time=Seconds(1))
    fleet = Fleet([config], lambda target: None)
    await fleet.look()
    target = fleet["demo"]
    assert not target.possible.possible
    process = target.process
    assert process is not None
    await until(lambda: process.age_s() > SETTLED_S, "it is old enough")
    await fleet.check()
    said = target.possible
    target.let_go()
    return said


async def test_each_kind_of_process_has_its_judgement(targets: Targets) -> None:
    stopped = targets.start("idle.py")
    os.kill(stopped.pid, signal.SIGSTOP)
    processes = {
        targets.start("idle.py").pid: (True, "ok"),
        stopped.pid: (True, "ok"),
        targets.run("/bin/sh", "-c", "echo ready; read line").pid: (False, "unsupported"),
        targets.start("headless.py").pid: (False, "unsupported"),
    }
    found = await asyncio.gather(*map(looked_at, processes))
    assert all(said.possible or said.remedy for said in found)
    assert [(said.possible, said.reason) for said in found] == list(processes.values())
