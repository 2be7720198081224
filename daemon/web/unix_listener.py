"""The same hardened HTTP server on a Unix socket."""

import socket
from collections.abc import Iterable
from pathlib import Path

from aiohttp import web

from daemon.config.unix import Unix
from daemon.unix_socket import UnixSocket
from daemon.web.guards import Access
from daemon.web.listener import BACKLOG, Listener


class UnixListener(Listener):
    """Serves routes on a Unix socket."""

    def __init__(
        self, routes: Iterable[web.AbstractRouteDef], path: Path, options: Unix, *, access: Access
    ) -> None:
        super().__init__(routes, "", 0, access=access)
        self._path = path
        self._options = options
        self._place: UnixSocket | None = None

    async def stop(self) -> None:
        """Remove the socket's place, so that nobody comes any more, and then as ever."""
        place, self._place = self._place, None
        if place is not None:
            place.remove()
        await super().stop()

    async def _bind(self) -> list[socket.socket]:
        self._place = UnixSocket(self._path, socket.SOCK_STREAM, self._options)
        self._place.socket.listen(BACKLOG)
        return [self._place.socket]
