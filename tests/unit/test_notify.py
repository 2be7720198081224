"""What systemd is told."""

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.notify import Notifier


@pytest.fixture
def heard(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(tmp_path / "notify"))
        ear.setblocking(False)
        yield ear


@pytest.fixture
def notifier(tmp_path: Path) -> Iterator[Notifier]:
    made = Notifier(str(tmp_path / "notify"))
    yield made
    made.close()


def everything(ear: socket.socket) -> list[str]:
    told = []
    while True:
        try:
            told.append(ear.recv(4096).decode())
        except BlockingIOError:
            return told


def test_a_status_is_told_when_it_changes(heard: socket.socket, notifier: Notifier) -> None:
    for text in ("watching a", "watching a", "capturing a", "watching a\nREADY=1"):
        notifier.status(text)
    assert everything(heard) == ["STATUS=watching a", "STATUS=capturing a", "STATUS=watching a READY=1"]


def test_a_reload_begins_and_ends(heard: socket.socket, notifier: Notifier) -> None:
    notifier.reloading()
    notifier.ready()
    begun, ended = everything(heard)
    assert begun.startswith("RELOADING=1\nMONOTONIC_USEC=")
    assert begun.rpartition("=")[2].isdigit()
    assert ended == "READY=1"


def test_a_stop_asks_for_its_time(heard: socket.socket, notifier: Notifier) -> None:
    notifier.stopping(40.0)
    assert everything(heard)[0] == "STOPPING=1\nEXTEND_TIMEOUT_USEC=40000000"


async def test_beats_come_from_the_event_loop_until_it_is_closed(
    tmp_path: Path, heard: socket.socket
) -> None:
    notifier = Notifier(str(tmp_path / "notify"), watchdog_s=0.03)
    notifier.ready()
    notifier.ready()
    told: list[str] = []
    async with asyncio.timeout(20):
        while told.count("WATCHDOG=1") < 3:
            told += everything(heard)
            await asyncio.sleep(0)
    notifier.close()
    assert told.count("READY=1") == 2
    everything(heard)
    notifier.ready()
    notifier.close()
    assert everything(heard) == []


def test_an_abstract_socket_is_reached() -> None:
    name = f"loopcam-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(f"\0{name}")
        ear.setblocking(False)
        notifier = Notifier(f"@{name}")
        notifier.status("here")
        notifier.close()
        assert everything(ear) == ["STATUS=here"]


def test_a_socket_that_is_gone_is_told_and_harms_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    notifier = Notifier(str(tmp_path / "none"))
    notifier.ready()
    notifier.close()
    assert "systemd not told" in caplog.text


def test_a_full_socket_is_not_waited_for_told_once_and_given_the_status_later(
    heard: socket.socket, notifier: Notifier, caplog: pytest.LogCaptureFixture
) -> None:
    number = 0
    while "systemd not told" not in caplog.text:
        number += 1
        notifier.status(f"watching {number}")
    notifier.ready()
    for _ in range(3):
        notifier.status("the last")
    assert caplog.text.count("systemd not told") == 1
    everything(heard)
    notifier.status("the last")
    notifier.status("the last")
    assert everything(heard) == ["READY=1", "STATUS=the last"]


@pytest.mark.parametrize(
    ("pid", "usec", "watchdog_s"),
    [
        (str(os.getpid()), "30000000", 30.0),
        ("", "30000000", 30.0),
        ("1", "30000000", 0.0),
        ("", "", 0.0),
        ("", "x", 0.0),
    ],
    ids=["ours", "anybody's", "another's", "none", "no number"],
)
def test_the_variables_are_taken_away_from_children(pid: str, usec: str, watchdog_s: float) -> None:
    environ = {"NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": usec, "WATCHDOG_PID": pid, "HOME": "/"}
    notifier = Notifier.taken(environ)
    assert environ == {"HOME": "/"}
    assert notifier._watchdog_s == watchdog_s


def test_without_systemd_nothing_is_told() -> None:
    notifier = Notifier.taken({})
    notifier.ready()
    notifier.status("x")
    notifier.reloading()
    notifier.stopping(1.0)
    assert notifier._socket is None
