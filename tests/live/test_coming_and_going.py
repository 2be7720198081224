"""Targets that are not there yet, that come, go and come again."""

import asyncio
import os
import shlex
import signal
import sys
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from daemon.config import settings
from daemon.config.settings import Selector
from daemon.targets.fleet import Fleet
from daemon.targets.target import Target, TargetState
from model.units import Seconds
from tests.live.captures import until
from tests.targets import PROGRAMS, Targets, children


@asynccontextmanager
async def following(selector: Selector) -> AsyncIterator[tuple[Target, Callable[[], Awaitable[None]]]]:
    """A target of this selector, and how to look once."""
    config = settings.Target(name="demo", process=selector, max_loop_time=Seconds(1))
    fleet = Fleet([config], lambda target: None)
    await fleet.look()
    yield fleet["demo"], fleet.look
    fleet["demo"].let_go()


async def look_until(target: Target, look: Callable[[], Awaitable[None]], pid: int | None) -> None:
    """Look, as the daemon does once a second, until the target is this process."""
    end_s = time.monotonic() + 10
    while target.pid != pid:
        assert time.monotonic() < end_s, f"{target.pid} is not {pid}"
        await look()
        await asyncio.sleep(0.01)


@pytest.fixture
def token() -> str:
    """A word that no other command line on this machine holds."""
    return f"token-{uuid.uuid4().hex}"


def stranger(targets: Targets, token: str) -> int:
    """A process with this word in its command line that is no child of ours: those never match.

    The shell between reads its command, so that the word is not in its own command line.
    """
    shell = targets.run("/bin/sh", tell=shlex.join([sys.executable, str(PROGRAMS / "idle.py"), token]))
    (pid,) = children(shell.pid)
    return pid


async def test_our_own_children_never_match(targets: Targets, token: str) -> None:
    targets.start("idle.py", token)
    async with following(Selector(match=token)) as (target, look):
        await look()
        assert target.process is None


async def test_a_match_is_waited_for_and_followed_through_restarts(targets: Targets, token: str) -> None:
    async with following(Selector(match=token)) as (target, look):
        assert target.state(time.monotonic()) is TargetState.WAITING
        for _ in range(3):
            pid = stranger(targets, token)
            await look_until(target, look, pid)
            os.kill(pid, signal.SIGKILL)
            await until(lambda: target.process is None, "its end was seen")
            assert target.state(time.monotonic()) is TargetState.GONE


async def test_the_oldest_match_stays_the_target(targets: Targets, token: str) -> None:
    async with following(Selector(match=token)) as (target, look):
        first, second = stranger(targets, token), stranger(targets, token)
        await look_until(target, look, first)
        os.kill(first, signal.SIGKILL)
        await look_until(target, look, second)


async def test_a_wrapper_is_not_taken_for_what_it_wraps(targets: Targets, token: str) -> None:
    async with following(Selector(match=token)) as (target, look):
        command = [sys.executable, str(PROGRAMS / "idle.py"), token]
        shell = targets.run("/bin/sh", "-c", f"{shlex.join(command)}; :")
        (wrapped,) = children(shell.pid)
        await look_until(target, look, wrapped)
        os.kill(wrapped, signal.SIGKILL)


async def test_a_pidfile_is_waited_for_and_followed_through_restarts(
    targets: Targets, tmp_path: Path
) -> None:
    pidfile = tmp_path / "pid"
    async with following(Selector(pidfile=pidfile)) as (target, look):
        assert target.state(time.monotonic()) is TargetState.WAITING
        for _ in range(3):
            program = targets.start("idle.py")
            pidfile.write_text(f"{program.pid}\n")
            await look_until(target, look, program.pid)
            program.kill()
            await until(lambda: target.process is None, "its end was seen")
            await look()
            assert target.process is None  # the file still names the old one


async def test_a_pidfile_that_names_another_process_is_believed(targets: Targets, tmp_path: Path) -> None:
    pidfile = tmp_path / "pid"
    first, second = targets.start("idle.py"), targets.start("idle.py")
    pidfile.write_text(str(first.pid))
    async with following(Selector(pidfile=pidfile)) as (target, look):
        assert target.pid == first.pid
        pidfile.write_text(str(second.pid))
        await look_until(target, look, second.pid)


async def test_a_pidfile_older_than_its_process_is_stale(targets: Targets, tmp_path: Path) -> None:
    program = targets.start("idle.py")
    pidfile = tmp_path / "pid"
    pidfile.write_text(str(program.pid))
    long_ago_s = time.time() - 3600
    os.utime(pidfile, (long_ago_s, long_ago_s))
    async with following(Selector(pidfile=pidfile)) as (target, _):
        assert target.process is None


@pytest.mark.parametrize("content", ["", "\n", "no number", "-1", "0", "99999999999999999999", "12 34"])
async def test_a_pidfile_that_makes_no_sense_is_waited_out(
    targets: Targets, tmp_path: Path, content: str
) -> None:
    pidfile = tmp_path / "pid"
    pidfile.write_text(content)
    async with following(Selector(pidfile=pidfile)) as (target, look):
        assert target.process is None or content == "12 34"
        program = targets.start("idle.py")
        pidfile.write_text(str(program.pid))
        await look_until(target, look, program.pid)


async def test_a_given_pid_that_ends_is_gone_for_good(targets: Targets) -> None:
    program = targets.start("idle.py")
    async with following(Selector(pid=program.pid)) as (target, look):
        assert target.pid == program.pid
        program.kill()
        await until(lambda: target.process is None, "its end was seen")
        await look()
        assert target.lost_for_good
        assert target.state(time.monotonic()) is TargetState.GONE


async def test_a_kernel_thread_never_matches(targets: Targets) -> None:
    async with following(Selector(match="kthreadd")) as (target, _):
        assert target.process is None
