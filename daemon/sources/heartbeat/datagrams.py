"""Heartbeats as datagrams: `EVENT [TARGET [ITERATION]]`, one non-blocking call for whoever sends them."""

import asyncio
import logging
import os
import socket
import struct
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import msgspec

from daemon.config.unix import Unix
from daemon.sources.heartbeat.hearing import Hearing
from daemon.sources.heartbeat.peers import Peer, Peers
from daemon.sources.heartbeat.unheard import Unheard, UnheardError, reason
from daemon.unix_socket import UnixSocket
from model.errors import LoopcamError
from model.events import EventKind

_LOG = logging.getLogger(__name__)

MOST_BYTES = 512
BATCH = 256  # datagrams a turn: others have their turn after a few milliseconds
TOLD_EVERY_S = 60.0

_SO_PASSPIDFD, _SCM_PIDFD = 76, 4  # Linux 6.5; Python has no names for them yet
_TRUNCATED, _SOCKET = int(socket.MSG_TRUNC), int(socket.SOL_SOCKET)  # as enums they cost a microsecond
_CREDENTIALS, _NUMBER = struct.Struct("=iII"), struct.Struct("=i")
_ROOM_BYTES = socket.CMSG_SPACE(_CREDENTIALS.size) + socket.CMSG_SPACE(_NUMBER.size)
_KINDS = {kind.value: kind for kind in EventKind}
_FORM = f"send EVENT [TARGET [ITERATION]], EVENT one of {', '.join(EventKind)}, at most {MOST_BYTES} bytes"

Extras = Sequence[tuple[int, int, bytes]]


class Said(msgspec.Struct, frozen=True):
    """What a datagram says."""

    kind: EventKind
    target: str | None
    iteration: str | None


def parse(data: bytes) -> Said:
    """The words of a datagram; an empty target stands for the only one. Raises UnheardError."""
    try:
        event, _, rest = data.decode().rstrip("\n").partition(" ")
    except UnicodeDecodeError:
        raise UnheardError(Unheard.MALFORMED, "a datagram is not UTF-8", remedy=_FORM) from None
    target, _, iteration = rest.partition(" ")
    if (kind := _KINDS.get(event)) is None:
        raise UnheardError(Unheard.MALFORMED, f"there is no event {event[:20]!r}", remedy=_FORM)
    return Said(kind, target or None, iteration or None)


class Datagrams:
    """Reads datagrams in the event loop, a bounded number at a time."""

    def __init__(self, path: Path, options: Unix, hearing: Hearing, peers: Peers) -> None:
        self._path = path
        self._options = options
        self._hearing = hearing
        self._peers = peers
        self._place: UnixSocket | None = None
        self._asks_pidfds = False
        self._told: dict[Unheard, tuple[float, int]] = {}  # when, and how many since

    async def start(self) -> None:
        """Listen; raises LoopcamError when the path cannot be had."""
        self._place = UnixSocket(self._path, socket.SOCK_DGRAM, self._options)
        self._place.socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        asyncio.get_running_loop().add_reader(self._place.socket, self._drain, self._place.socket)

    async def stop(self) -> None:
        """Hear no more."""
        place, self._place = self._place, None
        if place is not None:
            asyncio.get_running_loop().remove_reader(place.socket)
            place.remove()
            place.socket.close()

    def _drain(self, sock: socket.socket) -> None:
        self._ask_for_pidfds(sock)
        receive, clock, close_on_exec = sock.recvmsg, time.monotonic, socket.MSG_CMSG_CLOEXEC
        for _ in range(BATCH):
            try:
                data, extras, flags, _ = receive(MOST_BYTES, _ROOM_BYTES, close_on_exec)
            except BlockingIOError:
                return
            try:
                self._take(data, extras, flags, clock())
            except LoopcamError as error:
                self._refused(error, clock())

    def _ask_for_pidfds(self, sock: socket.socket) -> None:
        """Have the kernel send pidfds along, only while one is wanted: each costs twice the datagram."""
        if self._peers.sought() is not self._asks_pidfds:
            self._asks_pidfds = not self._asks_pidfds
            try:
                sock.setsockopt(socket.SOL_SOCKET, _SO_PASSPIDFD, self._asks_pidfds)
            except OSError:  # an older kernel: a peer's age must do
                _LOG.info("the kernel names peers by their pid only")

    def _take(self, data: bytes, extras: Extras, flags: int, at_s: float) -> None:
        pid, uid, pidfd, strange = _unpack(extras)
        try:
            if strange or flags & _TRUNCATED:
                what = "a datagram is too long, or brings open files"
                raise UnheardError(Unheard.MALFORMED, what, remedy=_FORM)
            if pid:  # what a stranger says is not even looked at
                self._peers.check_user(uid)
            said = parse(data)
            peer = Peer(pid, uid, at_s, _no_pidfd if pidfd is None else partial(os.dup, pidfd))
            self._hearing.take(said.kind, said.target, said.iteration, at_s, peer)
        finally:
            for descriptor in strange if pidfd is None else (pidfd, *strange):
                os.close(descriptor)

    def _refused(self, error: LoopcamError, now_s: float) -> None:
        """Count it, and tell of its reason now and then: nobody gets an answer to a datagram."""
        self._hearing.count(error)
        why = reason(error)
        told_s, untold = self._told.get(why, (-TOLD_EVERY_S, 0))
        if now_s - told_s < TOLD_EVERY_S:
            self._told[why] = (told_s, untold + 1)
            return
        self._told[why] = (now_s, 0)
        about = {"reason": why, "count": untold + 1, "last": str(error), "remedy": error.remedy}
        _LOG.warning("heartbeats refused", extra=about)


def _no_pidfd() -> None:
    """The kernel sent none along."""


def _unpack(extras: Extras) -> tuple[int, int, int | None, Sequence[int]]:
    """The sender's pid and user, his pidfd, and descriptors that nobody asked for."""
    pid, uid, pidfd = 0, -1, None
    strange: list[int] = []
    for level, kind, value in extras:
        if level != _SOCKET:
            continue
        if kind == socket.SCM_CREDENTIALS:
            pid, uid, _ = _CREDENTIALS.unpack(value)
        elif kind == socket.SCM_RIGHTS:
            strange += [number for (number,) in _NUMBER.iter_unpack(value)]
        elif kind == _SCM_PIDFD and (number := _NUMBER.unpack(value)[0]) >= 0:  # < 0: it has ended
            pidfd = number
    return pid, uid, pidfd, strange
