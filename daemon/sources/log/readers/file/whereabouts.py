"""What is remembered of a log: which of its files were read, and how far."""

import msgspec

from daemon.sources.log.readers.file.prints import Print


class FilePlace(msgspec.Struct, frozen=True, kw_only=True):
    """How far one file was read: up to the end of a whole line."""

    device: int
    inode: int
    offset: int
    head: Print
    tail: Print  # of the bytes before the offset


class Known(msgspec.Struct, frozen=True):
    """A generation that holds nothing new."""

    inode: int
    size_bytes: int
    head: Print


class Whereabouts(msgspec.Struct, frozen=True, kw_only=True):
    """A reader's place in a log with all its generations."""

    path: str
    files: tuple[FilePlace, ...] = ()  # oldest first
    known: tuple[Known, ...] = ()
