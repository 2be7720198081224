"""Accepts connections, no more than allowed, and sees that none outstays its welcome."""

import asyncio
import contextlib
import logging
import socket
import ssl
import time
from collections import Counter
from collections.abc import Sequence

from aiohttp import web

from daemon.web.bounds import Bounds
from daemon.web.connection import Connection
from daemon.web.responses import raw_error
from daemon.web.unix import credentials

log = logging.getLogger("loopcam.web")

_BACKLOG = 128
_REST_S = 1.0  # without file descriptors, accepting at once would fail again at once
_FULL = raw_error(503, "too many connections", "close some, or try again in a moment")
_FULL_FOR_PEER = raw_error(429, "too many connections from this address", "keep one open and reuse it")


class Gate:
    """Stands between listening sockets and an aiohttp server. `tls` may be exchanged at any time."""

    def __init__(self, server: web.Server, bounds: Bounds, tls: ssl.SSLContext | None) -> None:
        self.tls = tls
        self._server = server
        self._bounds = bounds
        self._loop = asyncio.get_running_loop()
        self._listening: Sequence[socket.socket] = ()
        self._inside: dict[Connection, str] = {}
        self._by_peer: Counter[str] = Counter()
        self._entering: set[asyncio.Task[None]] = set()
        self._sweeping: asyncio.TimerHandle | None = None

    def open(self, listening: Sequence[socket.socket]) -> None:
        """Accept connections on these sockets, which are the gate's from now on."""
        self._listening = listening
        for sock in listening:
            self._listen(sock)

    def close(self) -> None:
        """Accept no more. Connections that are open stay so."""
        for sock in self._listening:
            self._loop.remove_reader(sock)
            sock.close()
        self._listening = ()

    async def clear(self) -> None:
        """Abort every connection and wait until they are gone."""
        for task in self._entering:
            task.cancel()
        while self._inside or self._entering:
            for connection in tuple(self._inside):
                connection.abort()
            await asyncio.sleep(0)
        if self._sweeping is not None:
            self._sweeping.cancel()

    def _listen(self, sock: socket.socket) -> None:
        if sock in self._listening:
            self._loop.add_reader(sock, self._accept, sock)

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(_BACKLOG):
            try:
                sock, address = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                log.warning("cannot accept connections: %s; trying again in %g s", error, _REST_S)
                self._loop.remove_reader(listening)
                self._loop.call_later(_REST_S, self._listen, listening)
                return
            sock.setblocking(False)
            # on a Unix socket the address is empty, and a user counts as one
            self._admit(sock, address[0] if address else f"user {credentials(sock)[1]}")

    def _admit(self, sock: socket.socket, peer: str) -> None:
        if self._by_peer[peer] >= self._bounds.connections_per_peer:
            self._make_room(peer)
        if len(self._inside) >= self._bounds.connections:
            self._make_room()
        if len(self._inside) >= self._bounds.connections:
            self._turn_away(sock, _FULL)
        elif self._by_peer[peer] >= self._bounds.connections_per_peer:
            self._turn_away(sock, _FULL_FOR_PEER)
        else:
            connection = Connection(self._server, self._bounds, self._leave)
            self._inside[connection] = peer
            self._by_peer[peer] += 1
            task = self._loop.create_task(self._enter(connection, sock), name="web-enter")
            self._entering.add(task)
            task.add_done_callback(self._entering.discard)
            if self._sweeping is None:
                self._sweeping = self._loop.call_later(self._bounds.sweep_s, self._sweep)

    def _make_room(self, peer: str | None = None) -> None:
        """Let the oldest connection go whose headers are not whole, of one peer or of any.

        On loopback and in a pod everybody has the same address: half-said requests must not shut out others.
        """
        for connection, where in tuple(self._inside.items()):
            if peer in (None, where) and connection.half_said:
                connection.abort()
                self._leave(connection)
                return

    def _turn_away(self, sock: socket.socket, answer: bytes) -> None:
        # What the peer has sent is read, or closing would tear the answer out of its hands.
        with contextlib.closing(sock), contextlib.suppress(OSError):
            if self.tls is None:
                sock.send(answer)
                sock.shutdown(socket.SHUT_WR)
            sock.recv(65536)

    async def _enter(self, connection: Connection, sock: socket.socket) -> None:
        deadline_s = self._bounds.header_s if self.tls else None
        try:
            await self._loop.connect_accepted_socket(
                lambda: connection,
                sock,
                ssl=self.tls,
                ssl_handshake_timeout=deadline_s,
                ssl_shutdown_timeout=deadline_s,
            )
        except OSError as error:  # the handshake failed, or took too long
            log.debug("a connection came to nothing: %s", error)
            self._leave(connection)
        except asyncio.CancelledError:
            sock.close()
            self._leave(connection)
            raise

    def _leave(self, connection: Connection) -> None:
        peer = self._inside.pop(connection, None)
        if peer is None:
            return
        self._by_peer[peer] -= 1
        if not self._by_peer[peer]:
            del self._by_peer[peer]

    def _sweep(self) -> None:
        now_s = time.monotonic()
        for connection in tuple(self._inside):
            connection.expire(now_s)
        self._sweeping = self._loop.call_later(self._bounds.sweep_s, self._sweep) if self._inside else None
