"""How a target's HTTP is reached: the options that every request to it shares."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """TLS and credentials for what is fetched of a target."""

    tls: Annotated[bool, Meta(description="Speak HTTPS.")] = False
    ca_bundle: Annotated[
        Path | None, Meta(description="Certificates to trust, in place of the usual ones (PEM).")
    ] = None
    server_name: Annotated[
        str | None,
        Meta(min_length=1, description="The name in its certificate, where that is not the host's."),
    ] = None
    insecure: Annotated[bool, Meta(description="Believe any certificate: who answers is not known.")] = False
    token_file: Annotated[
        Path | None,
        Meta(description="A file with a bearer token, read for each request: it may be renewed."),
    ] = None
    client_cert: Annotated[Path | None, Meta(description="Our own certificate chain (PEM).")] = None
    client_key: Annotated[Path | None, Meta(description="Its private key (PEM).")] = None

    def check(self) -> Iterable[tuple[str, str, str]]:
        """Options that mean something together only."""
        for name in ("ca_bundle", "server_name", "client_cert", "client_key", "insecure"):
            if not self.tls and (value := getattr(self, name)) not in (None, False):
                yield name, "true" if value is True else str(value), "means nothing without `tls: true`"
        for one, other in (("client_cert", "client_key"), ("client_key", "client_cert")):
            if getattr(self, one) is not None and getattr(self, other) is None:
                yield other, "missing", f"needed together with {one}"
        if self.insecure and self.ca_bundle is not None:
            yield "insecure", "true", "leave it out: with ca_bundle the certificate can be checked"


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Where a target's HTTP is, and how it is reached."""

    host: str  # a name or an IP address, without brackets
    port: int
    access: Access = Access()

    @property
    def origin(self) -> str:
        """`http://host:port`."""
        return self.at(self.port)

    def at(self, port: int) -> str:
        """The origin of another port of the same host."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.access.tls else 'http'}://{host}:{port}"
