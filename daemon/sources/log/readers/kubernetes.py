"""A container's log by the Kubernetes API, followed. It fails when the API server does."""

import asyncio
import contextlib
import time
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING

from daemon.sources.log.contract import Piece, Take
from daemon.sources.log.readers.account import Account
from daemon.sources.log.readers.bookmark import Bookmark
from daemon.sources.log.readers.stamps import Stamped
from daemon.sources.log.where import Kubernetes
from model.errors import SourceError

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession

CONNECT_S = 10.0
SILENCE_S = 120.0  # a connection that is half open would be silent for ever: ask again, nothing is lost
AGAIN_S = 1.0  # before a log that ended is asked for again: its container restarts
MOST_SAID_BYTES = 4096
ROLE = (
    "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: loopcam}, rules: "
    '[{apiGroups: [""], resources: [pods/log], verbs: [get]}]}'
)


class ContainerLog:
    """The lines of one container; those from before this began are not fresh."""

    def __init__(self, options: Kubernetes, bookmark: Bookmark, account: Account | None = None) -> None:
        """The bookmark is the time of the last line."""
        self._options = options
        self._account = account or Account()
        self._stamped = Stamped(bookmark, time.time_ns())

    async def read(self, take: Take) -> None:
        """Hand on lines, from the bookmark on or from now on; raises SourceError."""
        import aiohttp  # here, and not above: loaded only where it is used

        url = self._account.log_url(self._options.namespace, self._options.pod)
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S, sock_read=SILENCE_S)
        connector = aiohttp.TCPConnector(ssl=self._account.trust(), force_close=True)
        try:
            async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:
                while True:
                    # silent, also before any header: nothing is known to be over
                    with contextlib.suppress(aiohttp.SocketTimeoutError):
                        await self._connection(session, url, take)
                    await asyncio.sleep(AGAIN_S)
        except (aiohttp.ClientError, OSError) as error:
            remedy = "the API server, or the way to it, is down: it is tried again"
            raise SourceError(f"Kubernetes API: {error or type(error).__name__}", remedy=remedy) from error

    async def _connection(self, session: "ClientSession", url: str, take: Take) -> None:
        """One connection, until the log ends; raises what aiohttp raises, also for silence."""
        query = {"container": self._options.container, "follow": "true", "timestamps": "true"}
        headers = {"Authorization": f"Bearer {self._account.token()}"}
        asked = session.get(
            url, params=query | self._stamped.connect(), headers=headers, allow_redirects=False
        )
        async with asked as response:
            if response.status != HTTPStatus.OK:
                raise _refused(response.status, await _said(response))
            async for data in response.content.iter_any():
                _hand_on(self._stamped.pieces(data), take)
        _hand_on(self._stamped.pieces(b"", ends=True), take)
        take(Piece(data=b"", fresh=True, ends=True))


def _hand_on(pieces: Iterable[Piece], take: Take) -> None:
    for piece in pieces:
        take(piece)


async def _said(response: "ClientResponse") -> str:
    """What the API says of an error: the message of a Status, or the text as it is."""
    import json

    text = (await response.content.read(MOST_SAID_BYTES)).decode(errors="replace")
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        return text.strip() or (response.reason or "")


def _refused(status: int, said: str) -> SourceError:
    message = f"Kubernetes API: {status}: {said}"
    if status == HTTPStatus.FORBIDDEN:
        remedy = f"bind this role to the pod's service account: {ROLE}"
    elif status == HTTPStatus.UNAUTHORIZED:
        remedy = "the service account's token is not valid: is its volume mounted and current?"
    elif status == HTTPStatus.NOT_FOUND:
        remedy = "set POD_NAME (fieldRef: metadata.name), or kubernetes.pod and kubernetes.namespace"
    elif status == HTTPStatus.BAD_REQUEST:
        remedy = "it is tried again: a container that waits has no log yet; is kubernetes.container its name?"
    else:
        remedy = "it is tried again"
    return SourceError(message, remedy=remedy)
