"""Tells of reports by POST at a web address: to Slack, or as plain JSON to whatever takes it."""

import io
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import quote, urlsplit

from msgspec import Meta

from fetch.headers import header_faults, is_sendable
from fetch.link_local import is_link_local
from model import coding
from model.errors import SinkError
from model.news import News
from model.secrets import Secret
from model.units import Seconds
from sinks import addresses, slack
from sinks.notification import Notification

if TYPE_CHECKING:
    from sinks.exchange import Line

_REFERENCE = "file:"  # the URL is in a file, which is read when the first message is sent
_LEAST_SECRET = 6  # letters: a shorter part of the URL's path is no secret, and would blot out words


class Webhook(Notification, frozen=True, kw_only=True):
    """Sends one small JSON document for each moment of a report."""

    url: Annotated[
        Secret,
        Meta(description="Where to send. All but its host is a secret: nothing else of it is ever shown."),
    ]
    template: Annotated[
        Literal["json", "slack"],
        Meta(description="The form: plain JSON as documented, or a message as Slack takes it."),
    ] = "json"
    headers: Annotated[dict[str, Secret], Meta(description="Further headers; the values are secrets.")] = {}
    token: Annotated[Secret | None, Meta(description="Sent as `Authorization: Bearer TOKEN`.")] = None
    ca_bundle: Annotated[
        Path | None, Meta(description="Certificates to trust, in place of the usual ones.")
    ] = None
    timeout: Annotated[
        Seconds, Meta(description="How long to wait for the server to go on, and for a reply.")
    ] = Seconds(5)
    allow_link_local: Annotated[
        bool, Meta(description="Allow link-local addresses and the clouds' metadata services.")
    ] = False

    def check(self) -> Iterable[tuple[str, str, str]]:
        """Options that do not go together, or that cannot be sent."""
        yield from super().check()
        yield from self._url_faults()
        yield from header_faults(self.headers)
        if self.token is not None and not is_sendable(self.token):
            yield "token", "***", "only printable Latin-1 characters"
        if self.token is not None and "authorization" in map(str.lower, self.headers):
            yield "token", "***", "either a token or an Authorization header"
        if self.timeout <= 0:
            yield "timeout", str(self.timeout), "above 0"

    def announce(self, news: News) -> str:
        """Send it; the server knows a message that it has already by `Idempotency-Key`."""
        from sinks.exchange import send  # the daemon loads the class for its options only
        from sinks.http_errors import explained, require_success

        for field, value, rule in self.check():
            raise SinkError(f"{field}: {value}: {rule}", retry=False)
        body = coding.encode(slack.message(news) if self.template == "slack" else news)
        url = self.url.reveal()
        where = addresses.origin(url)
        with explained(where):
            reply = send(self._line(), "POST", url, self._headers(news), io.BytesIO(body), len(body))
        require_success(where, reply, tuple(self._secrets()))
        return where

    def _line(self) -> "Line":
        from ssl import create_default_context

        from sinks.exchange import Line

        trust = create_default_context(cafile=self.ca_bundle)
        return Line(
            timeout_s=self.timeout, trust=trust, allow_link_local=self.allow_link_local, private_path=True
        )

    def _headers(self, news: News) -> dict[str, str]:
        headers = {
            "content-type": "application/json",
            "user-agent": "loopcam",
            "idempotency-key": quote(news.id),
            "x-loopcam-id": quote(news.report),
            **{name.lower(): value.reveal() for name, value in self.headers.items()},
        }
        if self.token is not None:
            headers["authorization"] = f"Bearer {self.token.reveal()}"
        return headers

    def _secrets(self) -> Iterable[Secret]:
        """What a server's words must not give away, should they repeat it."""
        address = urlsplit(self.url.reveal())
        yield from self.headers.values()
        if self.token is not None:
            yield self.token
        pieces = (address.query, address.path, *address.path.split("/"))
        yield from (Secret(piece) for piece in pieces if len(piece) >= _LEAST_SECRET)

    def _url_faults(self) -> Iterable[tuple[str, str, str]]:
        url = self.url.reveal()
        if url.startswith(_REFERENCE):
            return
        if broken := addresses.fault(url, query=True):
            yield "url", "***", broken
        elif is_link_local(urlsplit(url).hostname or "") and not self.allow_link_local:
            yield "url", addresses.origin(url), "no link-local address, unless `allow_link_local: true`"
