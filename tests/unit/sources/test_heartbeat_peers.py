import os
import subprocess
import sys
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from daemon.config import settings
from daemon.config.selector import Selector
from daemon.sources.heartbeat.peers import Peer, Peers
from daemon.sources.heartbeat.unheard import UnheardError
from daemon.targets.fleet import Fleet
from daemon.targets.process import HeldProcess
from model.errors import TargetError
from model.units import Seconds

STRANGER = 54321


def peer(pid: int, uid: int | None = None, at_s: float | None = None) -> Peer:
    said_s = time.monotonic() if at_s is None else at_s
    return Peer(pid, os.geteuid() if uid is None else uid, said_s, lambda: None)


def fleet(**selector: object) -> Fleet:
    config = settings.Target(name="one", process=Selector(**selector), max_loop_time=Seconds(60))  # type: ignore[arg-type]
    return Fleet([config], lambda _target: None)


@pytest.fixture
def others() -> Iterator[list[int]]:
    """Two processes that wait."""
    argv = [sys.executable, "-IS", "-c", "input()"]
    started = [subprocess.Popen(argv, stdin=subprocess.PIPE) for _ in range(2)]
    yield [one.pid for one in started]
    for one in started:
        one.kill()
        one.communicate()


def end(pid: int) -> None:
    """End it; the event loop cannot know yet."""
    os.kill(pid, 9)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


def reason(peers: Peers, who: Peer | None) -> str:
    with pytest.raises(UnheardError) as caught:
        peers.admit("one", who)
    assert caught.value.remedy
    return caught.value.reason


async def test_our_user_root_and_the_configured_are_heard_and_others_not() -> None:
    peers = Peers(fleet(match="never there"), [4711])
    for uid in (os.geteuid(), 0, 4711):
        peers.admit("one", peer(1, uid))
    assert reason(peers, peer(1, STRANGER)) == "foreign"
    assert not peers.sought()


async def test_the_user_of_the_targets_process_is_heard_while_it_is_there() -> None:
    watched = fleet(match="never there")
    peers = Peers(watched, [])
    watched["one"].held = SimpleNamespace(identity=SimpleNamespace(uid=STRANGER))  # type: ignore[assignment]
    peers.admit("one", peer(1, STRANGER))
    assert reason(peers, peer(1, STRANGER + 1)) == "foreign"
    watched["one"].held = None
    assert reason(peers, peer(1, STRANGER)) == "foreign"


async def test_over_tcp_everybody_is_heard_but_for_a_target_that_is_known_by_its_socket() -> None:
    Peers(fleet(match="never there"), []).admit("one", None)
    assert reason(Peers(fleet(peer=True), []), None) == "other_process"


async def test_a_peer_in_another_namespace_is_told_what_to_share() -> None:
    with pytest.raises(UnheardError, match="not visible") as caught:
        Peers(fleet(match="never there"), []).admit("one", peer(0))
    assert "shareProcessNamespace" in caught.value.remedy
    assert caught.value.reason == "invisible"


async def test_the_first_peer_is_the_target_until_it_ends(others: list[int]) -> None:
    first, second = others
    gone: list[str] = []
    watched = fleet(peer=True)
    watched["one"]._on_exit = lambda target: gone.append(target.name)
    peers = Peers(watched, [])
    assert peers.sought()
    peers.admit("one", peer(first))
    assert (watched["one"].pid, peers.sought()) == (first, False)
    assert reason(peers, peer(second)) == "other_process"
    peers.admit("one", peer(first))
    end(first)
    peers.admit("one", peer(second))
    assert (watched["one"].pid, gone) == (second, ["one"])
    assert reason(peers, peer(first)) == "other_process"
    watched["one"].let_go()


@pytest.mark.threat("pids")
async def test_a_strangers_process_does_not_become_the_target(others: list[int]) -> None:
    watched = fleet(peer=True)
    assert reason(Peers(watched, []), peer(others[0], STRANGER)) == "foreign"
    assert watched["one"].process is None


async def test_a_process_that_is_younger_than_what_was_sent_has_only_its_number(others: list[int]) -> None:
    process = HeldProcess(others[0])
    long_ago_s = time.monotonic() - process.age_s() - 5
    process.close()
    with pytest.raises(TargetError, match="younger"):
        peer(others[0], at_s=long_ago_s).hold()
    peer(others[0]).hold().close()


async def test_a_process_that_has_ended_is_not_held(others: list[int]) -> None:
    end(others[0])
    with pytest.raises(TargetError):
        peer(others[0]).hold()
    pidfd = os.pidfd_open(others[1])
    held = Peer(others[1], 0, 0.0, lambda: pidfd).hold()  # the kernel's word needs no age
    assert held.alive()
    held.close()
    with pytest.raises(OSError, match="Bad file"):
        os.fstat(pidfd)
