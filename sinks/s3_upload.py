"""Objects put into a bucket, by PutObject or in parts, with no other permission than s3:PutObject."""

import hashlib
import logging
from base64 import b64encode
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from model.errors import SinkError

if TYPE_CHECKING:
    from botocore.client import BaseClient

_MOST_PARTS = 10_000
_log = logging.getLogger(__name__)

Arguments = dict[str, object]


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """One object on its way: `place` is bucket and key, `about` whatever else its creation takes."""

    client: "BaseClient"
    place: Arguments
    about: Arguments
    crc32: bool  # otherwise Content-MD5, which every store understands

    def send(self, content: BinaryIO, size_bytes: int, part_bytes: int) -> None:
        """Put the object; what is in memory at a time is one part. Raises boto3's errors or SinkError."""
        if size_bytes <= part_bytes:
            body = content.read()
            self._said(self.client.put_object(**self.place, **self.about, **self._guarded(body)), "ETag")
        else:
            self._send_parts(content, max(part_bytes, -(-size_bytes // _MOST_PARTS)))

    def _send_parts(self, content: BinaryIO, part_bytes: int) -> None:
        algorithm = {"ChecksumAlgorithm": "CRC32"} if self.crc32 else {}
        started = self.client.create_multipart_upload(**self.place, **self.about, **algorithm)
        here = {**self.place, "UploadId": self._said(started, "UploadId")}
        try:
            parts: list[Arguments] = []
            while body := content.read(part_bytes):
                parts.append(self._send_part(here, len(parts) + 1, body))
            done = self.client.complete_multipart_upload(**here, MultipartUpload={"Parts": parts})
            self._said(done, "ETag")
        except BaseException:
            self._abort(here)
            raise

    def _send_part(self, here: Arguments, number: int, body: bytes) -> Arguments:
        reply = self.client.upload_part(**here, PartNumber=number, **self._guarded(body))
        part: Arguments = {"PartNumber": number, "ETag": self._said(reply, "ETag")}
        if self.crc32 and "ChecksumCRC32" in reply:
            part["ChecksumCRC32"] = reply["ChecksumCRC32"]
        return part

    def _guarded(self, body: bytes) -> Arguments:
        if self.crc32:
            return {"Body": body, "ChecksumAlgorithm": "CRC32"}
        digest = hashlib.md5(body, usedforsecurity=False).digest()
        return {"Body": body, "ContentMD5": b64encode(digest).decode()}

    def _said(self, reply: dict[str, object], name: str) -> str:
        if not reply.get(name):
            raise SinkError(
                f"{self.place['Key']}: the answer has no {name}, so nothing shows that the object is there",
                retry=True,
                remedy="check that `endpoint_url` is an S3 store",
            )
        return str(reply[name])

    def _abort(self, here: Arguments) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self.client.abort_multipart_upload(**here)
        except (BotoCoreError, ClientError) as error:  # the first error is the one to tell
            _log.warning(
                "parts of %s stay until a lifecycle rule removes them: %s", here["Key"], type(error).__name__
            )
