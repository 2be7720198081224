"""Who may ask: the Host and Origin a request names, its token, and how much it may send."""

import asyncio
import base64
import binascii
import hashlib
import hmac
import os
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import lru_cache
from urllib.parse import urlsplit

import msgspec
from aiohttp import hdrs, web

from daemon.web.bounds import Bounds
from daemon.web.responses import RequestError
from daemon.web.unix import requester

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_HOST = re.compile(r"(?:\[([0-9a-fA-F:.]+)\]|([^\[\]:@/\s]+))(?::\d{1,5})?")
_SAFE = ("GET", "HEAD")
_FETCH_SITE = "Sec-Fetch-Site"  # whose page makes a browser ask; other programs do not send it
_FOREIGN = ("cross-site", "same-site")
_HEARTBEATS = "/v1/heartbeat"  # who is heard for which target is decided there
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"  # aiohttp says so again once it has routed, which is allowed
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="loopcam", charset="UTF-8", Bearer realm="loopcam"'}


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """Who may ask a listener."""

    hosts: frozenset[str] | None  # None: any, for a listener that only shows what anybody may see
    token_sha256: str | None = None  # hex; None: no token is asked for
    open_paths: frozenset[str] = frozenset({"/healthz"})  # without a token
    by_user: bool = False  # our own user and root may ask for all, others only send heartbeats


def allowed_hosts(listen_host: str, configured: Iterable[str] = ()) -> frozenset[str]:
    """The names a request may call us by; the address it came in on is always one of them."""
    return frozenset(name.lower().rstrip(".").strip("[]") for name in (*_LOOPBACK, listen_host, *configured))


@lru_cache(maxsize=64)
def host_name(header: str) -> str | None:
    """The name or address in a Host header, without port and brackets, or None when it is no such header."""
    match = _HOST.fullmatch(header)
    return (match[1] or match[2]).lower().removesuffix(".") if match else None


def same_origin(origin: str, host: str) -> bool:
    """Whether a page from `origin` is one of ours, `host` being the Host header."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.netloc.lower() == host.lower()


def presented_token(authorization: str) -> str:
    """The token in an Authorization header: Bearer, or Basic's password; empty when there is none."""
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[2]
        except (binascii.Error, ValueError):
            return ""
    return ""


def is_token(token: str, sha256_hex: str) -> bool:
    """Whether this is the token with that hash, in a time that does not tell how near it is."""
    digest = hashlib.sha256(token.encode(errors="surrogateescape")).hexdigest()
    return bool(token) and hmac.compare_digest(digest, sha256_hex.lower())


def guard(handler: Handler, access: Access, bounds: Bounds, posts: Mapping[str, Handler]) -> Handler:
    """A server's handler that lets through only requests that may be made, and whose bodies are whole.

    It goes around aiohttp's routing, so that no route is left out, and costs half of a middleware. What is
    POSTed to one of the paths of `posts` goes to its handler without any routing.
    """

    async def guarded(request: web.BaseRequest) -> web.StreamResponse:
        if access.hosts is not None:
            _check_host(request, access.hosts)
        if access.by_user:
            _check_user(request)
        if access.token_sha256 is not None:
            _check_token(request, access.token_sha256, access.open_paths)
        if hdrs.CONTENT_ENCODING in request.headers:
            raise RequestError(415, "compressed bodies are not read", remedy="send it without compression")
        if not request.content.is_eof():
            await _read_body(request, bounds)
        if request.method == hdrs.METH_POST and hdrs.EXPECT not in request.headers:
            return await posts.get(request.raw_path, handler)(request)
        return await handler(request)

    return guarded


def _check_host(request: web.BaseRequest, hosts: frozenset[str]) -> None:
    host = request.headers.get(hdrs.HOST, "")
    name = host_name(host)
    if name not in hosts and (name is None or name != _local_address(request)):
        raise RequestError(
            403,
            f"requests for the host {host[:100]!r} are not answered here",
            remedy="use the address that loopcam listens on, or add the name to allowed_hosts",
        )
    origin = request.headers.get(hdrs.ORIGIN)
    foreign = origin is not None and not same_origin(origin, host)
    if foreign or (request.method not in _SAFE and request.headers.get(_FETCH_SITE, "") in _FOREIGN):
        raise RequestError(
            403, "requests from other sites' pages are refused", remedy="open loopcam's own page"
        )


def _check_user(request: web.BaseRequest) -> None:
    uid = requester(request)[1]
    if uid in (0, os.geteuid()) or request.path.startswith(_HEARTBEATS):
        return
    raise RequestError(
        403, f"user {uid} may send heartbeats only", remedy="ask as root, or as the user that loopcam runs as"
    )


def _local_address(request: web.BaseRequest) -> str | None:
    transport = request.transport
    return str(transport.get_extra_info("sockname")[0]) if transport else None


def _check_token(request: web.BaseRequest, sha256_hex: str, open_paths: frozenset[str]) -> None:
    if request.path in open_paths:
        return
    if not is_token(presented_token(request.headers.get(hdrs.AUTHORIZATION, "")), sha256_hex):
        raise RequestError(
            401,
            "a token is needed",
            remedy="send `Authorization: Bearer TOKEN`, or TOKEN as the password in a browser",
            headers=_CHALLENGE,
        )


async def _read_body(request: web.BaseRequest, bounds: Bounds) -> None:
    """Read a body that has not come whole with the headers; aiohttp keeps it for the handler."""
    if (request.content_length or 0) > bounds.body_bytes:
        raise web.HTTPRequestEntityTooLarge(bounds.body_bytes, request.content_length or 0)
    try:
        async with asyncio.timeout(bounds.body_s):
            if request.headers.get(hdrs.EXPECT, "").lower() == "100-continue":
                await request.writer.write(_CONTINUE)
                request.writer.output_size = 0  # the answer itself has not begun
            await request.read()
    except TimeoutError:
        raise RequestError(
            408, "the body did not arrive in time", remedy=f"send it within {bounds.body_s:g} s"
        ) from None
