"""Stores reports in a bucket of S3 or of a store that speaks its language."""

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta

from model.artifacts import Artifact
from model.errors import SinkError
from model.report import Report
from model.secrets import Secret
from model.units import ByteSize, Seconds
from sinks import addresses, template, together
from sinks.contract import Sink
from sinks.object_metadata import metadata
from sinks.paths import files, manifest, open_file
from sinks.s3_errors import explained
from sinks.s3_upload import Arguments, Upload

if TYPE_CHECKING:
    from botocore.awsrequest import AWSRequest
    from botocore.client import BaseClient

_CONNECT_S = 5.0
_SMALLEST_PART_BYTES = 5 << 20
_LONGEST_KEY_BYTES = 1024


class S3(Sink, frozen=True, kw_only=True, dict=True):
    """Stores each file of a report as an object, the manifest last. `s3:PutObject` is all it needs."""

    bucket: Annotated[str, Meta(description="The bucket.", min_length=3)]
    prefix: Annotated[
        str,
        Meta(
            description="What keys begin with. `{target}`, `{id}`, `{year}`, `{month}`, `{day}`, `{host}` "
            "and each label, such as `{cluster}`, are filled in."
        ),
    ] = ""
    region: Annotated[
        str | None, Meta(description="The bucket's region; otherwise that of the standard chain.")
    ] = None
    endpoint_url: Annotated[str | None, Meta(description="The address of another S3-compatible store.")] = (
        None
    )
    sse: Annotated[
        Literal["AES256", "aws:kms"] | None, Meta(description="How the store encrypts the objects.")
    ] = None
    kms_key_id: Annotated[str | None, Meta(description="The key for `sse: aws:kms`.")] = None
    storage_class: Annotated[str | None, Meta(description="Such as `STANDARD_IA`.")] = None
    access_key_id: Annotated[
        Secret | None, Meta(description="An access key, instead of the standard chain of credentials.")
    ] = None
    secret_access_key: Annotated[Secret | None, Meta(description="The access key's secret.")] = None
    profile: Annotated[str | None, Meta(description="A profile of the shared AWS configuration file.")] = None
    checksums: Annotated[
        Literal["when_required", "when_supported"] | None,
        Meta(
            description="`when_supported` sends CRC32, `when_required` Content-MD5, which "
            "more stores accept. "
            "Left out: `when_required` with an `endpoint_url`, otherwise `when_supported`."
        ),
    ] = None
    path_style: Annotated[
        bool | None,
        Meta(description="The bucket in the path, not in the host name. Left out: with an `endpoint_url`."),
    ] = None
    ca_bundle: Annotated[
        Path | None, Meta(description="Certificates to trust, in place of the usual ones.")
    ] = None
    part_size: Annotated[
        ByteSize, Meta(description="Larger files are sent in parts of this size, 5 MiB at least.")
    ] = ByteSize(8 << 20)
    timeout: Annotated[
        Seconds, Meta(description="How long to wait for the store to go on (to connect: 5s at most).")
    ] = Seconds(20)

    def check(self) -> Iterable[tuple[str, str, str]]:
        """Options that do not go together, or that no store would take."""
        for rule in template.prefix_faults(self.prefix):
            yield "prefix", self.prefix, rule
        if self.endpoint_url is not None and (broken := addresses.fault(self.endpoint_url)):
            yield "endpoint_url", "***", broken
        if self.kms_key_id is not None and self.sse != "aws:kms":
            yield "kms_key_id", self.kms_key_id, "only with `sse: aws:kms`"
        if (self.access_key_id is None) != (self.secret_access_key is None):
            yield "access_key_id", "***", "`access_key_id` and `secret_access_key` go together"
        if self.access_key_id is not None and self.profile is not None:
            yield "profile", self.profile, "either a profile or an access key"
        if self.part_size < _SMALLEST_PART_BYTES:
            yield "part_size", str(self.part_size), "5 MiB at least"
        if self.timeout <= 0:
            yield "timeout", str(self.timeout), "above 0"

    def labels(self) -> frozenset[str]:
        """The labels in `prefix`."""
        return template.fields(self.prefix) - template.OWN_FIELDS

    def prepare(self) -> None:
        """Import boto3 and read the credentials."""
        with explained(f"s3://{self.bucket}/", self._secrets):
            self._client  # noqa: B018 - made here, kept for `store`

    def store(self, report: Report) -> str:
        """Put every file, four at a time and the manifest last, and return `s3://BUCKET/KEY/`."""
        self.prepare()
        key = template.key(self.prefix, report)
        try:
            together.each(lambda artifact: self._put(report, key, artifact), files(report))
            self._put(report, key, manifest(report))
        except SinkError:
            self.__dict__.pop("_client", None)  # the next attempt reads the credentials again
            raise
        return f"s3://{self.bucket}/{key}"

    @cached_property
    def _client(self) -> "BaseClient":
        import boto3
        from botocore.config import Config

        session = boto3.Session(
            aws_access_key_id=self.access_key_id and self.access_key_id.reveal(),
            aws_secret_access_key=self.secret_access_key and self.secret_access_key.reveal(),
            region_name=self.region,
            profile_name=self.profile,
        )
        client = session.client(
            "s3",
            region_name=session.region_name or "us-east-1",
            endpoint_url=self.endpoint_url,
            verify=str(self.ca_bundle) if self.ca_bundle else None,
            config=Config(
                connect_timeout=min(_CONNECT_S, self.timeout),
                read_timeout=float(self.timeout),
                retries={"total_max_attempts": 1, "mode": "standard"},  # the daemon tries again
                max_pool_connections=together.THREADS,
                proxies={},  # none from the environment
                request_checksum_calculation="when_supported" if self._crc32 else "when_required",
                response_checksum_validation="when_required",
                s3={"addressing_style": "path" if self._in_path else "auto"},
            ),
        )
        client.meta.events.register("before-call.s3.HeadBucket", _no_head)
        client.meta.events.register("before-sign.s3", _no_expect)
        return client

    @property
    def _crc32(self) -> bool:
        return (self.checksums or ("when_required" if self.endpoint_url else "when_supported")) == (
            "when_supported"
        )

    @property
    def _in_path(self) -> bool:
        return bool(self.endpoint_url) if self.path_style is None else self.path_style

    @property
    def _secrets(self) -> tuple[Secret | None, ...]:
        return (self.access_key_id, self.secret_access_key)

    def _put(self, report: Report, folder: str, artifact: Artifact) -> None:
        key = folder + artifact.path
        if len(key.encode()) > _LONGEST_KEY_BYTES:
            raise SinkError(f"the key {key[:80]!r}... is too long", retry=False, remedy="shorten `prefix`")
        with explained(f"s3://{self.bucket}/{key}", self._secrets), open_file(report, artifact) as content:
            upload = Upload(
                client=self._client,
                place={"Bucket": self.bucket, "Key": key},
                about=self._about(report, artifact),
                crc32=self._crc32,
            )
            upload.send(content, artifact.size_bytes, self.part_size)

    def _about(self, report: Report, artifact: Artifact) -> Arguments:
        options = {
            "ServerSideEncryption": self.sse,
            "SSEKMSKeyId": self.kms_key_id,
            "StorageClass": self.storage_class,
        }
        return {
            "ContentType": artifact.media_type,
            "Metadata": metadata(report.manifest, artifact),
            **{name: value for name, value in options.items() if value is not None},
        }


def _no_expect(request: "AWSRequest", **_: object) -> None:
    """Send bodies at once: a store that does not know 100-continue costs a second for each file."""
    del request.headers["Expect"]


def _no_head(**_: object) -> tuple[object, dict[str, object]]:
    """The answer to boto3's own question for a bucket's region, which s3:PutObject does not allow."""
    from botocore.awsrequest import AWSResponse

    reply = {"Error": {"Code": "403"}, "ResponseMetadata": {"HTTPStatusCode": 403, "HTTPHeaders": {}}}
    return AWSResponse("", 403, {}, None), reply
