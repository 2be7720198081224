"""A log file as it is at the trigger and what is written to it, or to its successor, until later."""

import os
import stat
from pathlib import Path
from types import TracebackType
from typing import Self

from collectors.contract import Target
from disk.rooted import NO_SAFE_WAY, NO_SAFE_WAY_REMEDY, open_within
from model.capture import Outcome
from model.errors import CollectorError

IN_TARGET = "target:"
BLOCK_BYTES = 64 * 1024
_READ_ONLY = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_READABLE = "let loopcam's user read the file and enter its folders"
_ENTER = "it takes the right to profile it: the target's user, or CAP_SYS_PTRACE (loopcam doctor)"


class LogFile:
    """Open from the trigger on: what it is called then does not matter."""

    def __init__(self, path: str, target: Target) -> None:
        """Raises CollectorError where it cannot be read."""
        self.path = path
        self._target = target
        self._descriptor = _open(path, target)
        at_trigger = os.fstat(self._descriptor)
        self.size_bytes = at_trigger.st_size
        self.written_s = at_trigger.st_mtime

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)

    def last(self, most_bytes: int) -> tuple[bytes, bool]:
        """Its last whole lines at the trigger, and whether there are more before them."""
        begin = max(0, self.size_bytes - most_bytes)
        text = _read(self._descriptor, begin, self.size_bytes - begin)
        if not begin:
            return text, False
        return text[text.find(b"\n") + 1 :] if b"\n" in text else b"", True

    def later(self, most_bytes: int) -> tuple[bytes, list[str]]:
        """What came after the trigger, and what there is to say of it. The rest of a last line is with it."""
        notes: list[str] = []
        successor = self._successor(notes)
        begin = self.size_bytes
        if os.fstat(self._descriptor).st_size < begin:
            begin = 0
            notes.append("the file was emptied meanwhile: lines may be missing")
        text = _read(self._descriptor, begin, most_bytes + 1)
        if successor is not None:
            try:
                notes.append("the log was rotated meanwhile")
                text += _read(successor, 0, most_bytes + 1 - len(text))
            finally:
                os.close(successor)
        return text, notes

    def _successor(self, notes: list[str]) -> int | None:
        """A descriptor of the file that has its name now, if that is another one."""
        try:
            descriptor = _open(self.path, self._target)
        except CollectorError as error:
            if error.outcome not in (Outcome.NOTHING, Outcome.TARGET_EXITED):
                notes.append(str(error))
            return None
        if os.path.sameopenfile(descriptor, self._descriptor):
            os.close(descriptor)
            return None
        return descriptor


def _read(descriptor: int, begin: int, most_bytes: int) -> bytes:
    """So much of a file from there on, or what there is."""
    blocks = []
    while most_bytes > 0 and (block := os.pread(descriptor, min(most_bytes, BLOCK_BYTES), begin)):
        blocks.append(block)
        begin += len(block)
        most_bytes -= len(block)
    return b"".join(blocks)


def _open(path: str, target: Target) -> int:
    """A descriptor of a regular file; raises CollectorError."""
    try:
        if path.startswith(IN_TARGET):
            descriptor = _open_in_target(path.removeprefix(IN_TARGET), target)
        else:
            descriptor = os.open(Path(path), _READ_ONLY)
    except FileNotFoundError:
        raise CollectorError(Outcome.NOTHING, f"{path}: there is no such file") from None
    except PermissionError as error:
        raise CollectorError(Outcome.NOT_PERMITTED, f"{path}: {error.strerror}", remedy=_READABLE) from error
    except OSError as error:
        raise CollectorError(Outcome.FAILED, f"{path}: {error.strerror}") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise CollectorError(Outcome.NOTHING, f"{path}: is no file that could be read from its end")
    return descriptor


def _open_in_target(path: str, target: Target) -> int:
    """A file in the target's own root directory, never out of it; raises OSError, CollectorError."""
    if target.process is None:
        raise CollectorError(Outcome.NOTHING, f"target:{path}: the target has no process here")
    try:
        flags = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
        root = os.open(f"/proc/{target.process.pid}/root", flags)
    except PermissionError as error:
        message = "the target's root may not be entered"
        raise CollectorError(Outcome.NOT_PERMITTED, message, remedy=_ENTER) from error
    except OSError as error:
        raise CollectorError(Outcome.TARGET_EXITED, "the process is gone") from error
    try:
        descriptor = open_within(root, path, _READ_ONLY)
    except OSError as error:
        if error.errno not in NO_SAFE_WAY:
            raise
        message = f"no safe way into the target's root: openat2: {error.strerror}"
        raise CollectorError(Outcome.UNSUPPORTED, message, remedy=NO_SAFE_WAY_REMEDY) from error
    finally:
        os.close(root)
    if not target.alive():  # its number may mean another process by now
        os.close(descriptor)
        raise CollectorError(Outcome.TARGET_EXITED, "the process is gone")
    return descriptor
