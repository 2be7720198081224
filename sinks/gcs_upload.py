"""Objects put into a bucket of Google's, with no other permission than to create them, where that can do."""

from base64 import b64encode
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from model.artifacts import Artifact

if TYPE_CHECKING:
    from google.cloud.storage.blob import Blob

_ONE_REQUEST_BYTES = 8 << 20  # up to here the library sends a file whole
_BLOCK_BYTES = 1 << 20
_ABSENT = 0  # the generation of an object that is not there
_OVERWRITES = "storage.objects.delete"  # what a refusal names where an object is there already


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """One object on its way; with `once`, its content never changes, and what is there may stay."""

    blob: "Blob"
    artifact: Artifact
    once: bool
    timeout_s: tuple[float, float]

    def send(self, content: BinaryIO) -> None:
        """Put the object, unless it is there. Raises the library's errors."""
        from google.api_core.exceptions import Forbidden, PreconditionFailed

        checksum = _crc32c(content)
        try:
            self._put(content, checksum, _ABSENT if self.once else None)
        except (PreconditionFailed, Forbidden) as error:
            if isinstance(error, Forbidden) and _OVERWRITES not in str(error):
                raise
            there = self._look()
            if there is None and not self.once:
                raise
            # Where we may not look: its name holds the report's id, so that it is an earlier attempt's.
            if there is not None and there.crc32c != checksum:
                self._put(content, checksum, there.generation)

    def _put(self, content: BinaryIO, checksum: str, generation: int | None) -> None:
        large = self.artifact.size_bytes > _ONE_REQUEST_BYTES
        content.seek(0)
        self.blob.upload_from_file(
            content,
            size=self.artifact.size_bytes,
            content_type=self.artifact.media_type,
            if_generation_match=generation,
            timeout=self.timeout_s,
            checksum="crc32c",
            crc32c_checksum_value=checksum if large else None,  # else the library sends its own
            retry=None,  # the daemon tries again
        )

    def _look(self) -> "Blob | None":
        """What is there; None where we may not look at it."""
        from google.api_core.exceptions import Forbidden

        there = self.blob.bucket.blob(self.blob.name)
        try:
            there.reload(timeout=self.timeout_s, retry=None)
        except Forbidden:
            return None
        return there


def _crc32c(content: BinaryIO) -> str:
    """The checksum that the store compares, as it writes it."""
    import google_crc32c

    checksum = google_crc32c.Checksum()
    while block := content.read(_BLOCK_BYTES):
        checksum.update(block)
    return b64encode(checksum.digest()).decode()
