"""Stores reports in a bucket of Google Cloud Storage."""

import os
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from model.artifacts import Artifact
from model.errors import SinkError
from model.report import EVIDENCE_DIR, Report
from model.units import ByteSize, Seconds
from sinks import addresses, template, together
from sinks.contract import Sink
from sinks.gcs_errors import explained
from sinks.gcs_upload import Upload
from sinks.object_metadata import metadata
from sinks.paths import files, manifest, open_file

if TYPE_CHECKING:
    from google.auth.credentials import Credentials
    from google.auth.transport.requests import AuthorizedSession
    from google.cloud.storage import Client
    from google.cloud.storage.blob import Blob

_CONNECT_S = 5.0
_PART_UNIT_BYTES = 256 << 10  # parts are multiples of it
_LONGEST_KEY_BYTES = 1024
_EMULATOR = "STORAGE_EMULATOR_HOST"
# The library's traces would look at the bucket, which takes a permission of its own.
_NO_LOOKS = ("DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA", "true")
_SCOPES = ("https://www.googleapis.com/auth/devstorage.read_write",)


class Gcs(Sink, frozen=True, kw_only=True, dict=True):
    """Stores each file of a report as an object, the manifest last. Nothing is listed."""

    bucket: Annotated[str, Meta(description="The bucket.", min_length=3)]
    prefix: Annotated[
        str,
        Meta(
            description="What names of objects begin with. `{target}`, `{id}`, `{year}`, `{month}`, `{day}`, "
            "`{host}` and each label, such as `{cluster}`, are filled in."
        ),
    ] = ""
    credentials_file: Annotated[
        Path | None,
        Meta(
            description="A service account's key or a workload identity's configuration (JSON), read again "
            "after each failure. Left out: the standard chain (`GOOGLE_APPLICATION_CREDENTIALS`, gcloud's, "
            "the metadata server)."
        ),
    ] = None
    endpoint: Annotated[
        str | None,
        Meta(
            description="Another address of the store, such as one of Private Service Connect. One with "
            "`http://` is an emulator's, as is `STORAGE_EMULATOR_HOST`: it gets no credentials."
        ),
    ] = None
    storage_class: Annotated[
        str | None, Meta(description="Such as `NEARLINE`; otherwise the bucket's default.")
    ] = None
    kms_key: Annotated[
        str | None,
        Meta(
            description="The key that encrypts the objects: "
            "`projects/P/locations/L/keyRings/R/cryptoKeys/K`. Left out: as the bucket has it."
        ),
    ] = None
    ca_bundle: Annotated[
        Path | None, Meta(description="Certificates to trust, in place of the usual ones.")
    ] = None
    part_size: Annotated[
        ByteSize, Meta(description="Files above 8 MiB are sent in parts of this size, 256 KiB at least.")
    ] = ByteSize(8 << 20)
    timeout: Annotated[
        Seconds, Meta(description="How long to wait for the store to go on (to connect: 5s at most).")
    ] = Seconds(20)

    def check(self) -> Iterable[tuple[str, str, str]]:
        """Options that no store would take."""
        for rule in template.prefix_faults(self.prefix):
            yield "prefix", self.prefix, rule
        if self.endpoint is not None and (broken := addresses.fault(self.endpoint)):
            yield "endpoint", "***", broken
        if self.kms_key is not None and not self.kms_key.startswith("projects/"):
            yield "kms_key", self.kms_key, "projects/P/locations/L/keyRings/R/cryptoKeys/K"
        if self.part_size < _PART_UNIT_BYTES:
            yield "part_size", str(self.part_size), "256 KiB at least"
        if self.timeout <= 0:
            yield "timeout", str(self.timeout), "above 0"

    def labels(self) -> frozenset[str]:
        """The labels in `prefix`."""
        return template.fields(self.prefix) - template.OWN_FIELDS

    def prepare(self) -> None:
        """Import Google's library and read the credentials."""
        with explained(f"gs://{self.bucket}/"):
            self._client  # noqa: B018 - made here, kept for `store`

    def store(self, report: Report) -> str:
        """Put every file, four at a time and the manifest last, and return `gs://BUCKET/NAME/`."""
        self.prepare()
        key = template.key(self.prefix, report)
        try:
            together.each(lambda artifact: self._put(report, key, artifact), files(report))
            self._put(report, key, manifest(report))
        except SinkError:
            self.__dict__.pop("_client", None)  # the next attempt reads the credentials again
            raise
        return f"gs://{self.bucket}/{key}"

    def _put(self, report: Report, folder: str, artifact: Artifact) -> None:
        key = folder + artifact.path
        if len(key.encode()) > _LONGEST_KEY_BYTES:
            raise SinkError(f"the name {key[:80]!r}... is too long", retry=False, remedy="shorten `prefix`")
        with explained(f"gs://{self.bucket}/{key}"), open_file(report, artifact) as content:
            upload = Upload(
                blob=self._blob(report, key, artifact),
                artifact=artifact,
                once=report.manifest.revision == 1 or artifact.path.startswith(f"{EVIDENCE_DIR}/"),
                timeout_s=(min(_CONNECT_S, self.timeout), float(self.timeout)),
            )
            upload.send(content)

    def _blob(self, report: Report, key: str, artifact: Artifact) -> "Blob":
        part_bytes = self.part_size // _PART_UNIT_BYTES * _PART_UNIT_BYTES
        bucket = self._client.bucket(self.bucket)
        blob = bucket.blob(key, chunk_size=part_bytes, kms_key_name=self.kms_key)
        blob.metadata = metadata(report.manifest, artifact)
        if self.storage_class is not None:
            blob.storage_class = self.storage_class
        return blob

    @cached_property
    def _client(self) -> "Client":
        from google.api_core.client_options import ClientOptions
        from google.cloud.storage import Client

        os.environ.setdefault(*_NO_LOOKS)
        endpoint = self.endpoint or _emulator()
        session = self._session(endpoint)
        return Client(
            project=None,
            credentials=session.credentials,
            _http=session,
            client_options=ClientOptions(api_endpoint=endpoint) if endpoint else None,
        )

    def _session(self, endpoint: str | None) -> "AuthorizedSession":
        """What sends requests, with `credentials`; tokens are fetched under the same rules."""
        from google.auth.credentials import AnonymousCredentials
        from google.auth.transport.requests import AuthorizedSession, Request
        from requests import Session

        session = for_tokens = Session()
        if endpoint and endpoint.startswith("http://"):
            session.credentials = AnonymousCredentials()
        else:
            session = AuthorizedSession(self._credentials(), auth_request=Request(for_tokens))
        for one in (session, for_tokens):
            one.trust_env = False  # no proxies from the environment, as with the other sinks
            one.max_redirects = 0  # they would carry the report elsewhere
            one.verify = str(self.ca_bundle) if self.ca_bundle else True
        return session

    def _credentials(self) -> "Credentials":
        import warnings

        import google.auth

        with warnings.catch_warnings():  # of files that strangers give; this one comes from our configuration
            warnings.simplefilter("ignore")
            if self.credentials_file is not None:
                found, _ = google.auth.load_credentials_from_file(str(self.credentials_file), _SCOPES)
            else:
                found, _ = google.auth.default(_SCOPES)
        return found


def _emulator() -> str | None:
    """The address of an emulator that the environment names, in either of the usual forms."""
    host = os.environ.get(_EMULATOR)
    return host if not host or "://" in host else f"http://{host}"
