"""A hardened HTTP server on one address."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Iterable
from pathlib import Path
from typing import cast

import msgspec
from aiohttp import hdrs, web

from daemon.web.bounds import Bounds
from daemon.web.gate import Gate
from daemon.web.guards import Access, Handler, guard
from model.errors import LoopcamError

BACKLOG = 128


class Tls(msgspec.Struct, frozen=True, kw_only=True):
    """Where a server's certificate (with its chain) and its key are, in PEM."""

    certificate: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """What both files say now; raises LoopcamError when they cannot be used."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.set_alpn_protocols(["http/1.1"])
        try:
            # the empty password keeps OpenSSL from asking for one on the terminal
            context.load_cert_chain(self.certificate, self.key, password=lambda: "")
        except (OSError, ValueError) as error:
            raise LoopcamError(
                f"the certificate {self.certificate} with key {self.key} cannot be used: {error}",
                remedy="both must be PEM files that this user can read, the key unencrypted",
            ) from error
        return context


class Listener:
    """Serves routes on one address within bounds. The daemon has two: control and metrics."""

    def __init__(
        self,
        routes: Iterable[web.AbstractRouteDef],
        host: str,
        port: int,
        *,
        access: Access,
        bounds: Bounds | None = None,
        tls: Tls | None = None,
    ) -> None:
        self._bounds = bounds = bounds or Bounds()
        self._app = web.Application(
            client_max_size=bounds.body_bytes, logger=logging.getLogger("loopcam.web")
        )
        self._access = access
        routes = list(routes)
        self._app.add_routes(routes)
        self._posts = {
            route.path: cast(Handler, route.handler)  # the application makes requests that it can take
            for route in routes
            if isinstance(route, web.RouteDef) and route.method == hdrs.METH_POST and "{" not in route.path
        }
        self._runner = web.AppRunner(self._app, shutdown_timeout=bounds.shutdown_s)
        self._host = host
        self._port = port
        self._tls = tls
        self._gate: Gate | None = None

    @property
    def port(self) -> int:
        """The port that is listened on, also when 0 was asked for."""
        return self._port

    async def start(self) -> None:
        """Listen; raises LoopcamError when the address cannot be had or the certificate not be used."""
        tls = self._tls.context() if self._tls else None
        listening = await self._bind()
        await self._runner.setup()
        server = self._runner.server
        assert server is not None  # noqa: S101 -- setup() made it
        server.request_handler = guard(server.request_handler, self._access, self._bounds, self._posts)
        self._gate = Gate(server, self._bounds, tls)
        self._gate.open(listening)

    async def stop(self) -> None:
        """Accept no more, let answers under way finish for `shutdown_s`, then close what is left."""
        gate, self._gate = self._gate, None
        if gate is None:
            return
        gate.close()
        await self._runner.cleanup()
        await gate.clear()

    def reload(self) -> None:
        """Read the certificate again, for new connections; raises LoopcamError and keeps the old one."""
        if self._tls and self._gate:
            self._gate.tls = self._tls.context()

    async def _bind(self) -> list[socket.socket]:
        listening: list[socket.socket] = []
        try:
            infos = await asyncio.get_running_loop().getaddrinfo(
                self._host, self._port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )
            for family, _, _, _, address in dict.fromkeys(infos):
                listening.append(self._listening_socket(family, str(address[0])))
        except OSError as error:
            for sock in listening:
                sock.close()
            raise LoopcamError(
                f"cannot listen on {self._host}:{self._port}: {error.strerror or error}",
                remedy="choose another (`listen` or --listen, `metrics_listen`), or stop what listens there",
            ) from error
        return listening

    def _listening_socket(self, family: socket.AddressFamily, host: str) -> socket.socket:
        sock = socket.create_server(
            (host, self._port),
            family=family,
            backlog=BACKLOG,
            dualstack_ipv6=host == "::" and socket.has_dualstack_ipv6(),
        )
        sock.setblocking(False)
        self._port = sock.getsockname()[1]  # a name's further addresses take the same
        return sock
