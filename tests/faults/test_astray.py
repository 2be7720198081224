"""Heartbeats that are lost, doubled, late or overtaken blame nobody, and hide nobody (fault D4)."""

import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

from tests.daemon import Daemon, daemon, looping, target, until

LIMIT = "4s"
Say = Callable[[str, object], None]


@contextmanager
def by_http(cam: Daemon, folder: Path) -> Iterator[Say]:
    """Over the control listener."""
    yield lambda event, name: cam.beat(event, "one", name)


@contextmanager
def by_datagram(cam: Daemon, folder: Path) -> Iterator[Say]:
    """Over the Unix socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.connect(str(folder / "beat.sock"))
        yield lambda event, name: sender.sendall(f"{event} one {name}".encode())


def astray(random: Random, name: int) -> list[str]:
    """What is heard of one healthy iteration. Only the last word of all may not be lost."""
    heard = ["start"] * random.randrange(3) + ["end"] * random.randrange(3)
    if random.random() < 0.3:
        random.shuffle(heard)
    return heard


@pytest.mark.fault("D4")
@pytest.mark.parametrize("way", [by_http, by_datagram], ids=["http", "datagram"])
@pytest.mark.parametrize("seed", range(3))
def test_heartbeats_astray_blame_nobody_and_an_overrun_is_one(
    way: Callable[[Daemon, Path], "contextmanager[Say]"], seed: int, tmp_path: Path, stuck: int
) -> None:
    random, one = Random(seed), target("one", stuck, max_loop_time=LIMIT)
    unix = {"datagram": str(tmp_path / "beat.sock")}
    with daemon(tmp_path, one, unix=unix) as cam, way(cam, tmp_path) as say:
        for name in range(40):
            for event in astray(random, name):
                say(event, name)
        say("end", 39)
        for _ in range(3):
            say("start", "slow")
        say("end", 38)  # late, and of another
        until(lambda: cam.metric("loopcam_overruns_total"), "it overruns")
        say("start", "slow")
        say("end", "slow")
        say("end", "slow")
        manifest = cam.report()
        assert manifest.capture.trigger.iteration == "slow"
        assert cam.target("one")["in_flight"] is None
        assert cam.metric("loopcam_overruns_total") == 1
        assert cam.metric("loopcam_captures_total") == 1


@pytest.mark.fault("D5")
def test_a_stuck_target_and_a_dead_one_are_told_apart(tmp_path: Path) -> None:
    """Both fall silent in an iteration (fault D5)."""
    with looping() as frozen, looping() as dead:
        targets = [
            target(name, child.pid, max_loop_time="1s")
            for name, child in (("frozen", frozen), ("dead", dead))
        ]
        with daemon(tmp_path, *targets) as cam:
            cam.finds("frozen", "dead")
            os.kill(frozen.pid, signal.SIGSTOP)
            cam.beat("start", "dead")
            dead.kill()
            until(lambda: cam.target("dead")["state"] == "gone", "its end is seen", within_s=10)
            cam.beat("start", "frozen")
            manifest = cam.report()
            assert manifest.capture.target == "frozen"
            assert cam.metric("loopcam_overruns_total", target="frozen") == 1
            assert cam.target("frozen")["state"] != "gone"
            assert cam.metric("loopcam_captures_total", target="dead") == 0
            os.kill(frozen.pid, signal.SIGCONT)
