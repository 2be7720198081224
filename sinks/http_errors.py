"""What a web server's replies and a failing line mean: whether to try again, and what to do."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPException
from ssl import SSLError

from model.errors import SinkError
from model.secrets import Secret
from sinks import replies
from sinks.exchange import Reply

_ERROR_DOCUMENT = re.compile(rb"\s*(<\?xml[^>]*\?>)?\s*<Error[\s>]")
_MOVED = "set `url` to where the server is"
_REMEDIES = {
    301: _MOVED,
    302: _MOVED,
    303: _MOVED,
    401: "renew `token`, or the signature in `url`",
    403: "allow writing there, or renew `token` or the signature in `url`",
    404: "correct `url`",
    405: "set `method` to what the server takes",
    409: "let the server replace a report by its next revision",
    412: "take If-None-Match out of `headers`, so that a report can be replaced by its next revision",
    413: "raise the server's limit, or use `mode: files`",
    501: "set `method` to what the server takes",
}


@contextmanager
def explained(where: str) -> Iterator[None]:
    """Turn what fails on the line into SinkError. HTTPException's text may hold the query: it is not kept."""
    try:
        yield
    except TimeoutError:
        raise SinkError(
            f"{where}: no answer in time", retry=True, remedy="look at the server, or raise `timeout`"
        ) from None
    except HTTPException as error:
        raise SinkError(
            f"{where}: the reply was cut or is none: {type(error).__name__}", retry=True
        ) from None
    except SSLError as error:
        raise SinkError(
            f"{where}: {error}", retry=True, remedy="check the server's certificate, or set `ca_bundle`"
        ) from error
    except OSError as error:
        raise SinkError(
            f"{where}: {error.strerror or error}",
            retry=True,
            remedy="check that the server can be reached from here",
        ) from error


def require_success(where: str, reply: Reply, secrets: Sequence[Secret | None]) -> None:
    """Raise SinkError unless the reply says that the body was stored."""
    failed = _ERROR_DOCUMENT.match(reply.body) is not None
    if 200 <= reply.status < 300 and not failed:
        return
    words = replies.quote(reply.body.decode("utf-8", "replace"), secrets)
    raise SinkError(
        f"{where} answered {reply.status}: {words}",
        retry=replies.may_pass(reply.status) or reply.status < 300,
        retry_after_s=replies.retry_after_s(reply.retry_after),
        remedy=_REMEDIES.get(reply.status, ""),
    )
