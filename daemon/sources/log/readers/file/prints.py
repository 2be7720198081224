"""Fingerprints: whether a file still is, or holds, what was read before."""

import hashlib

import msgspec

HEAD_BYTES = 1024
TAIL_BYTES = 256


class Print(msgspec.Struct, frozen=True):
    """So many bytes, told apart from others by their digest; no text of the log is kept."""

    length: int = 0
    digest: str = ""

    def matches(self, data: bytes) -> bool:
        """Whether data begins with these bytes."""
        return len(data) >= self.length and self == print_of(data[: self.length])


def print_of(data: bytes) -> Print:
    """The fingerprint of these bytes."""
    return Print(len(data), hashlib.blake2b(data, digest_size=16).hexdigest())
