import contextlib
import logging
import os
import socket
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.config.unix import Unix
from daemon.sources.heartbeat import datagrams
from daemon.sources.heartbeat.datagrams import BATCH, MOST_BYTES, Datagrams, Said, parse
from daemon.sources.heartbeat.hearing import Hearing
from daemon.sources.heartbeat.peers import Peer
from daemon.sources.heartbeat.unheard import Unheard, UnheardError
from model.events import Event, EventKind


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"beat", Said(EventKind.BEAT, None, None)),
        (b"start one", Said(EventKind.START, "one", None)),
        (b"end one 17", Said(EventKind.END, "one", "17")),
        (b"end  17", Said(EventKind.END, None, "17")),
        (b"idle one a b", Said(EventKind.IDLE, "one", "a b")),
        (b"beat one\n", Said(EventKind.BEAT, "one", None)),
        (b"start one ", Said(EventKind.START, "one", None)),
        ("start one \u00e9".encode(), Said(EventKind.START, "one", "\u00e9")),
    ],
)
def test_the_words_of_a_datagram(data: bytes, said: Said) -> None:
    assert parse(data) == said


@pytest.mark.parametrize(
    "data", [b"", b" ", b"stop", b"START one", b" start one", b"start\tone", b"\xff", b"start one \xff"]
)
def test_what_is_no_heartbeat_is_malformed(data: bytes) -> None:
    with pytest.raises(UnheardError) as caught:
        parse(data)
    assert caught.value.reason == "malformed"
    assert "EVENT" in caught.value.remedy


@given(st.binary(max_size=MOST_BYTES))
def test_no_datagram_does_more_than_be_refused(data: bytes) -> None:
    with contextlib.suppress(UnheardError):
        assert parse(data).kind in EventKind


class Sought:
    """Stands for the peers: whether pidfds are wanted."""

    def __init__(self) -> None:
        self.wanted = False
        self.foreign = False

    def sought(self) -> bool:
        return self.wanted

    def check_user(self, uid: int) -> None:
        if self.foreign:
            raise UnheardError(Unheard.FOREIGN, f"user {uid} is not heard")


class Room:
    """A socket that is read, and what came of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.events: list[Event] = []
        self.peers: list[tuple[int, int]] = []
        self.refused: list[str] = []
        self.sought = Sought()
        self.admit: Callable[[str, Peer | None], None] = self._admit
        hearing = Hearing(
            self.events.append,
            lambda: {"one": 100_000, "two": 3},
            admit=lambda name, peer: self.admit(name, peer),
            refused=self.refused.append,
        )
        self.datagrams = Datagrams(path, Unix(datagram=path), hearing, self.sought)  # type: ignore[arg-type]

    def _admit(self, _name: str, peer: Peer | None) -> None:
        assert peer is not None
        self.peers.append((peer.pid, peer.uid))

    def send(self, *sent: bytes) -> None:
        """Send without waiting for anything; no more than the queue takes."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            for data in sent:
                sender.sendto(data, str(self.path))

    def turn(self) -> None:
        """What the event loop does when the socket is readable."""
        place = self.datagrams._place
        assert place is not None
        self.datagrams._drain(place.socket)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    made = Room(tmp_path / "beat.sock")
    await made.datagrams.start()
    yield made
    await made.datagrams.stop()
    assert not made.path.exists()


async def test_a_datagram_becomes_an_event_of_a_peer_that_the_kernel_names(room: Room) -> None:
    before_s = time.monotonic()
    room.send(b"start one 17", b"end one 17")
    room.turn()
    assert [(e.kind, e.target, e.iteration, e.source) for e in room.events] == [
        ("start", "one", "17", "heartbeat"),
        ("end", "one", "17", "heartbeat"),
    ]
    assert room.peers == [(os.getpid(), os.geteuid())] * 2
    assert before_s <= room.events[0].at_s <= room.events[1].at_s <= time.monotonic()


async def test_a_turn_ends_after_a_batch(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datagrams, "BATCH", 4)
    assert BATCH <= 256
    room.send(*[b"beat one"] * 6)
    room.turn()
    assert len(room.events) == 4
    room.turn()
    assert len(room.events) == 6


async def test_what_is_too_long_is_refused(room: Room) -> None:
    room.send(b"start one " + b"x" * (MOST_BYTES - 10))  # a name may have 128 characters
    room.send(b"start one" + b"\n" * MOST_BYTES)
    room.turn()
    assert room.events == []
    assert room.refused == ["malformed", "malformed"]


async def test_a_rate_holds_for_datagrams_too(room: Room) -> None:
    room.send(*[b"beat two"] * 8)
    room.turn()
    assert len(room.events) == 3
    assert room.refused == ["too_many"] * 5


async def test_a_reason_is_told_once_a_minute_with_how_many_there_were(
    room: Room, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    now_s = 1000.0
    monkeypatch.setattr(datagrams.time, "monotonic", lambda: now_s)
    for _ in range(3):
        room.send(b"stop", b"start nobody")
        room.turn()
    now_s += 61
    room.send(b"stop")
    room.turn()
    told = [(r.reason, r.count) for r in caplog.records if r.levelno == logging.WARNING]  # type: ignore[attr-defined]
    assert told == [("malformed", 1), ("unknown_target", 1), ("malformed", 3)]


def pinned(pidfd: int) -> int:
    return int(Path(f"/proc/self/fdinfo/{pidfd}").read_text().partition("\nPid:")[2].split()[0])


async def test_the_pidfd_comes_along_while_it_is_wanted(room: Room) -> None:
    held: list[int | None] = []

    def admit(_name: str, peer: Peer | None) -> None:
        assert peer is not None
        held.append(peer.pidfd())

    room.admit = admit
    open_before = len(os.listdir("/proc/self/fd"))
    for wanted in (True, False):
        room.sought.wanted = wanted
        room.send(b"beat one")
        room.turn()
    assert held[1] is None
    if held[0] is not None:  # Linux 6.5
        assert pinned(held[0]) == os.getpid()
        os.close(held[0])
    assert len(os.listdir("/proc/self/fd")) == open_before


@pytest.mark.parametrize("wanted", [False, True])
async def test_files_that_come_along_are_closed(room: Room, wanted: bool) -> None:
    room.sought.wanted = wanted
    room.turn()
    open_before = len(os.listdir("/proc/self/fd"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.connect(str(room.path))
        for count in (1, 2, 3, 200):
            socket.send_fds(sender, [b"beat one"], [0] * count)
    room.turn()
    assert len(os.listdir("/proc/self/fd")) == open_before


async def test_what_a_stranger_says_is_not_even_looked_at(room: Room) -> None:
    room.sought.foreign = True
    room.send(b"\xff garbage", b"start one")
    room.turn()
    assert room.refused == ["foreign", "foreign"]
    assert not room.events
