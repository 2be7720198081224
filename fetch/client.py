"""A client for one target's HTTP: kept connections, deadlines, a bound on bytes, no way to another host."""

import asyncio
import errno
import os
import re
import ssl
from collections.abc import Callable, Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Self
from urllib.parse import urljoin, urlsplit

import aiohttp
import msgspec
from aiohttp.streams import StreamReader

from fetch.access import Access, Endpoint
from fetch.headers import is_sendable
from fetch.names import Resolver
from fetch.quoting import quote
from model.errors import FetchError
from model.secrets import Secret

CONNECT_S = 5.0
MOST_REDIRECTS = 3
MOST_CONNECTIONS = 8  # a CPU profile, deltas and a trace hold one each, while others are asked for
MOST_SAID_BYTES = 4096
_REDIRECTS = frozenset({301, 302, 303, 307, 308})

Take = Callable[[bytes], object]
Begun = Callable[[int, Mapping[str, str]], object]


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for. The deadline is for the whole of it, from the connection to the last byte."""

    path: str  # with its query, beginning with a slash
    deadline_s: float
    max_bytes: int  # of the body; what is beyond is cut off
    port: int | None = None  # of the same host, where it is not the endpoint's
    method: str = "GET"
    headers: Mapping[str, str] = {}
    body: bytes = b""
    statuses: tuple[int, ...] = ()  # besides 2xx, whose body is taken, too


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """How it was answered. The body of a success went to whoever takes it; that of a failure is in `said`."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    size_bytes: int
    whole: bool  # nothing was cut off
    said: str = ""

    @property
    def ok(self) -> bool:
        """Whether it is a success."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


class Client:
    """Asks one endpoint. It is used as an asynchronous context manager."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Read the certificates; raises FetchError."""
        access = self._endpoint.access
        trust = await asyncio.to_thread(_trust, access) if access.tls else True
        connector = aiohttp.TCPConnector(
            ssl=trust, limit=MOST_CONNECTIONS, keepalive_timeout=120, resolver=Resolver()
        )
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S)
        self._session = aiohttp.ClientSession(
            connector=connector, timeout=timeout, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close its connections."""
        if self._session is not None:
            await self._session.close()

    async def fetch(self, request: Request, take: Take, begun: Begun | None = None) -> Response:
        """Ask, and hand the body of a success to `take` piece by piece; raises FetchError.

        `begun` gets status and headers before that, the names of headers in lower case.
        A redirect is followed while it stays on the same host and port.
        """
        url = self._endpoint.at(request.port or self._endpoint.port) + request.path
        try:
            async with asyncio.timeout(request.deadline_s):
                for _ in range(MOST_REDIRECTS + 1):
                    answer = await self._once(url, request, take, begun)
                    if isinstance(answer, Response):
                        return answer
                    url = answer
        except TimeoutError as error:
            raise FetchError(f"{_shown(url)}: no answer within {request.deadline_s:g} s") from error
        except (aiohttp.ClientError, OSError) as error:
            raise FetchError(f"{_shown(url)}: {_reason(error)}") from error
        raise FetchError(f"{_shown(url)}: more than {MOST_REDIRECTS} redirects")

    async def _once(self, url: str, request: Request, take: Take, begun: Begun | None) -> Response | str:
        """The response, or where it sends us on the same host."""
        assert self._session is not None  # noqa: S101  # used within its context
        access = self._endpoint.access
        authorized = _authorized(access)
        asked = self._session.request(
            request.method,
            url,
            headers={"Accept-Encoding": "identity", **authorized, **request.headers},
            data=request.body or None,
            allow_redirects=False,
            server_hostname=access.server_name,
        )
        async with asked as response:
            if response.status in _REDIRECTS:
                return _redirected(url, response.headers.get("Location", ""))
            headers = {name.lower(): value for name, value in response.headers.items()}
            succeeded = HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES
            if not succeeded and response.status not in request.statuses:
                said = await response.content.read(MOST_SAID_BYTES)
                text = _without(authorized, said.decode(errors="replace").strip())
                return Response(status=response.status, headers=headers, size_bytes=0, whole=True, said=text)
            if begun is not None:
                begun(response.status, headers)
            size_bytes, whole = await _taken(response.content, request.max_bytes, take)
            return Response(status=response.status, headers=headers, size_bytes=size_bytes, whole=whole)


def _without(authorized: Mapping[str, str], said: str) -> str:
    """What a server said, which may repeat the token that it was shown."""
    for value in authorized.values():
        token = value.removeprefix("Bearer ")
        said = re.sub(re.escape(token), "***", said, flags=re.IGNORECASE)
    return said


async def _taken(content: StreamReader, max_bytes: int, take: Take) -> tuple[int, bool]:
    size_bytes = 0
    async for piece in content.iter_any():
        room_bytes = max_bytes - size_bytes
        take(piece[:room_bytes])
        size_bytes += min(len(piece), room_bytes)
        if len(piece) > room_bytes:
            return size_bytes, False
    return size_bytes, True


def _redirected(url: str, location: str) -> str:
    try:
        there = urljoin(url, location)
        here, wanted = urlsplit(url), urlsplit(there)
    except ValueError:  # such as a bracket that nothing closes
        raise FetchError(f"{_shown(url)}: redirects to what is no URL") from None
    if not location or (here.scheme, here.netloc) != (wanted.scheme, wanted.netloc):
        raise FetchError(
            f"{_shown(url)}: redirects to another host, which is not followed",
            remedy="configure the address and path where it really is",
        )
    return there


def _authorized(access: Access) -> dict[str, str]:
    if access.token_file is None:
        return {}
    try:
        token = access.token_file.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is no text"
        raise FetchError(
            f"token_file {access.token_file}: {reason}", remedy="mount it, and let loopcam read it"
        ) from None
    if not is_sendable(Secret(token)):
        raise FetchError(
            f"token_file {access.token_file}: is no token", remedy="put one line with the token alone into it"
        )
    return {"Authorization": f"Bearer {token}"}


def _trust(access: Access) -> ssl.SSLContext:
    try:
        trust = ssl.create_default_context(cafile=access.ca_bundle)
        if access.insecure:
            trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
        if access.client_cert is not None:
            trust.load_cert_chain(access.client_cert, access.client_key)
    except OSError as error:  # ssl.SSLError is one
        files = ", ".join(str(f) for f in (access.ca_bundle, access.client_cert, access.client_key) if f)
        raise FetchError(
            f"certificates cannot be used ({files}): {error.strerror or error}",
            remedy="give files in PEM form that loopcam may read",
        ) from error
    return trust


def _shown(url: str) -> str:
    """A URL without its query."""
    return url.partition("?")[0]


def _reason(error: Exception) -> str:
    """What failed; never the text of an error that repeats the whole URL."""
    if isinstance(error, aiohttp.ClientResponseError):
        return quote(error.message) or type(error).__name__  # it may repeat what the server sent
    if isinstance(error, aiohttp.ClientConnectorError) and error.os_error.errno in errno.errorcode:
        return os.strerror(error.os_error.errno or 0).lower()  # without aiohttp's words around it
    said = "" if isinstance(error, aiohttp.InvalidURL) else str(error)
    return said or type(error).__name__
