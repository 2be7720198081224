"""Stores reports by PUT or POST at a web address: a file store, a gateway, a presigned URL."""

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from ssl import create_default_context
from typing import IO, Annotated, Literal
from urllib.parse import quote, urlsplit

from msgspec import Meta

from fetch.headers import header_faults, is_sendable
from fetch.link_local import is_link_local
from model.artifacts import Artifact
from model.errors import SinkError
from model.report import Report
from model.secrets import Secret
from model.units import Seconds
from sinks import addresses, archive, template
from sinks.contract import Sink
from sinks.exchange import Line, send
from sinks.http_errors import explained, require_success
from sinks.paths import files, manifest, open_file, parts

_REFERENCE = "file:"  # the URL is in a file, which is read when the sink begins to work
_OWN_FIELDS = template.OWN_FIELDS | {"path", "file"}


class Http(Sink, frozen=True, kw_only=True, dict=True):
    """Sends a report as one gzip tar, or each of its files with the manifest last."""

    url: Annotated[
        Secret,
        Meta(
            description="Where to send. `{path}`, `{file}`, `{target}`, `{id}`, `{year}`, `{month}`, "
            "`{day}`, `{host}` and each label are filled in, URL-encoded. A query string is sent as it is "
            "and never shown."
        ),
    ]
    method: Annotated[Literal["PUT", "POST"], Meta(description="How to send.")] = "PUT"
    mode: Annotated[
        Literal["tar", "files"],
        Meta(description="One gzip tar, or a request for each file: then `url` needs `{file}`."),
    ] = "tar"
    headers: Annotated[dict[str, Secret], Meta(description="Further headers; the values are secrets.")] = {}
    token: Annotated[Secret | None, Meta(description="Sent as `Authorization: Bearer TOKEN`.")] = None
    ca_bundle: Annotated[
        Path | None, Meta(description="Certificates to trust, in place of the usual ones.")
    ] = None
    timeout: Annotated[
        Seconds,
        Meta(
            description="How long to wait for the server to go on (to connect: 5s at most), and for a reply."
        ),
    ] = Seconds(20)
    allow_link_local: Annotated[
        bool, Meta(description="Allow link-local addresses and the clouds' metadata services.")
    ] = False

    def check(self) -> Iterable[tuple[str, str, str]]:
        """Options that do not go together, or that cannot be sent."""
        yield from self._url_faults()
        yield from header_faults(self.headers)
        if self.token is not None and not is_sendable(self.token):
            yield "token", "***", "only printable Latin-1 characters"
        if self.token is not None and "authorization" in map(str.lower, self.headers):
            yield "token", "***", "either a token or an Authorization header"
        if self.timeout <= 0:
            yield "timeout", str(self.timeout), "above 0"

    def labels(self) -> frozenset[str]:
        """The labels in `url`."""
        url = self.url.reveal()
        return frozenset() if url.startswith(_REFERENCE) else template.fields(url) - _OWN_FIELDS

    def prepare(self) -> None:
        """Read the certificates to trust."""
        with explained(self._shown):
            self._line  # noqa: B018 - made here, kept for `store`

    def store(self, report: Report) -> str:
        """Send the report and return the URL without its query string."""
        for field, value, rule in self.check():
            raise SinkError(f"{field}: {value}: {rule}", retry=False)
        path = "/".join(parts(report.manifest.path))
        if self.mode == "tar":
            with archive.packed(report) as (body, size_bytes):
                url = self._filled(report, path, f"{report.manifest.id}.tar.gz")
                self._send(report, url, archive.MEDIA_TYPE, body, size_bytes)
            return addresses.shown(url)
        for artifact in (*files(report), manifest(report)):
            self._send_file(report, path, artifact)
        return addresses.shown(self._filled(report, path, ""))

    def _send_file(self, report: Report, path: str, artifact: Artifact) -> None:
        url = self._filled(report, path, artifact.path)
        with open_file(report, artifact) as body:
            self._send(report, url, artifact.media_type, body, artifact.size_bytes)

    def _send(self, report: Report, url: str, media_type: str, body: IO[bytes], size_bytes: int) -> None:
        headers = {
            "content-type": media_type,
            "x-loopcam-id": quote(report.manifest.id),
            "x-loopcam-revision": str(report.manifest.revision),
            **{name.lower(): value.reveal() for name, value in self.headers.items()},
        }
        if self.token is not None:
            headers["authorization"] = f"Bearer {self.token.reveal()}"
        where = addresses.shown(url)
        with explained(where):
            reply = send(self._line, self.method, url, headers, body, size_bytes)
        secrets = (self.token, *self.headers.values(), Secret(urlsplit(url).query))
        require_success(where, reply, secrets)

    @cached_property
    def _line(self) -> Line:
        trust = create_default_context(cafile=self.ca_bundle)
        return Line(timeout_s=self.timeout, trust=trust, allow_link_local=self.allow_link_local)

    @property
    def _shown(self) -> str:
        return addresses.shown(self.url.reveal())

    def _filled(self, report: Report, path: str, file: str) -> str:
        known = {name: template.as_segment(value) for name, value in template.values(report).items()}
        known |= {"path": quote(path), "file": quote(file)}
        return template.fill(self.url.reveal(), known, str)

    def _url_faults(self) -> Iterable[tuple[str, str, str]]:
        url = self.url.reveal()
        if url.startswith(_REFERENCE):
            return
        if broken := addresses.fault(url, query=True):
            yield "url", "***", broken
            return
        try:
            fields = template.fields(url)
        except ValueError as error:
            yield "url", self._shown, str(error)
            return
        if "{" in urlsplit(url).netloc:
            yield "url", self._shown, "no fields in the host"
        if self.mode == "files" and "file" not in fields:
            yield "url", self._shown, "holds {file} with `mode: files`"
        if is_link_local(urlsplit(url).hostname or "") and not self.allow_link_local:
            yield "url", self._shown, "no link-local address, unless `allow_link_local: true`"
