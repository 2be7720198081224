"""What is sent back: JSON, pages, and errors that say what to do."""

from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError, LineTooLong
from aiohttp.web_protocol import RequestPayloadError

from model.coding import encode
from model.errors import LoopcamError

PLAIN_HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Server": "loopcam"}
_PAGE_HEADERS = {**PLAIN_HEADERS, "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY"}
_KEPT_HEADERS = ("Allow", "Retry-After", "WWW-Authenticate")
_REMEDIES = {
    404: "docs/api.md lists the routes",
    405: "use a method that the Allow header names",
    413: "send a shorter body",
    417: "send no Expect header but 100-continue",
    500: "the daemon's log has the details",
}


class RequestError(LoopcamError):
    """A request that is refused; `status` is its HTTP status."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        remedy: str = "",
        headers: Mapping[str, str] | None = None,
        details: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.details = details or {}
        self.status = status
        self.headers = headers or {}


def json_response(
    noun: object, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """A noun as JSON."""
    return web.Response(
        body=encode(noun),
        status=status,
        content_type="application/json",
        headers={**PLAIN_HEADERS, **(headers or {})},
    )


def page_response(text: str, nonce: str) -> web.Response:
    """A page whose only script and style are those that bear the nonce; it talks to nobody but us."""
    policy = (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; "
        "img-src data:; require-trusted-types-for 'script'; trusted-types 'none'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return web.Response(
        text=text, content_type="text/html", headers={**_PAGE_HEADERS, "Content-Security-Policy": policy}
    )


def error_response(error: BaseException) -> web.Response:
    """The answer to what a handler, or the reading of a request, raised."""
    status, headers = _status(error), {}
    if isinstance(error, RequestError):
        headers = dict(error.headers)
    elif isinstance(error, web.HTTPException):
        headers = {name: error.headers[name] for name in _KEPT_HEADERS if name in error.headers}
    return json_response(_explanation(error, status), status=status, headers=headers)


def raw_error(status: int, error: str, remedy: str) -> bytes:
    """A whole HTTP response for a connection that is about to be closed."""
    body = encode({"error": error, "remedy": remedy})
    retry = "Retry-After: 1\r\n" if status in (429, 503) else ""
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        f"Cache-Control: no-store\r\n{retry}Connection: close\r\n\r\n"
    )
    return head.encode() + body


def _status(error: BaseException) -> int:
    if isinstance(error, RequestError | web.HTTPException):
        return error.status
    if isinstance(error, LineTooLong) or "Too many headers" in str(error):
        return 431
    if isinstance(error, LoopcamError | HttpProcessingError | RequestPayloadError):
        return 400
    return 500


def _explanation(error: BaseException, status: int) -> dict[str, object]:
    if isinstance(error, RequestError):
        return {"error": str(error), "remedy": error.remedy, **error.details}
    if isinstance(error, LoopcamError):
        return {"error": str(error), "remedy": error.remedy}
    phrase = HTTPStatus(status).phrase.lower()
    if status in (400, 431):
        return {"error": phrase, "remedy": "send a well-formed HTTP/1.1 request with few and short headers"}
    return {"error": phrase, "remedy": _REMEDIES.get(status, "")}
