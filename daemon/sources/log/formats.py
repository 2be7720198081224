"""What a container runtime writes around each line, and the lines within."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import msgspec

from daemon.sources.log.cutter import Block
from daemon.sources.log.finder import Finder
from daemon.sources.log.options import LogFormat
from daemon.sources.log.parts import Joiner

Line = tuple[bytes, bytes]  # what the target wrote, and the (last) line of the log that holds it


class Format(Protocol):
    """Finds the target's lines in a block of the log's."""

    name: LogFormat

    def lines(self, block: Block, texts: Sequence[bytes], now_s: float) -> Iterator[Line]:
        """At least every line that holds one of the texts, without any every line."""

    def rest(self, now_s: float, *, ends: bool) -> Iterator[Line]:
        """Lines whose last part will not come, or did not come in time."""

    @property
    def pending_bytes(self) -> int:
        """Bytes of whole lines that hold parts of a line which is not whole."""

    @property
    def truncated_lines(self) -> int:
        """Lines that were longer than allowed when they were joined."""


class Plain:
    """The lines as they are."""

    name: LogFormat = "plain"
    pending_bytes = 0
    truncated_lines = 0

    def lines(self, block: Block, texts: Sequence[bytes], now_s: float) -> Iterator[Line]:
        """Those that hold one of the texts."""
        finder, at = Finder(block, texts), block.start
        while (found := finder.line(at)) is not None:
            start, end = found
            yield (line := block.data[start:end]), line
            at = end + 1

    def rest(self, now_s: float, *, ends: bool) -> Iterator[Line]:
        """None: every line is whole."""
        yield from ()


class _Part(msgspec.Struct, frozen=True, gc=False):
    """What one line of a container's log holds."""

    stream: bytes
    text: bytes
    whole: bool


class _Framed:
    """Lines in a frame each, long ones in several."""

    name: LogFormat

    def __init__(self, max_line_bytes: int) -> None:
        self.pending_bytes = 0
        self._joiner = Joiner(max_line_bytes)

    @property
    def truncated_lines(self) -> int:
        """Lines that were longer than allowed when they were joined."""
        return self._joiner.truncated_lines

    def lines(self, block: Block, texts: Sequence[bytes], now_s: float) -> Iterator[Line]:
        """Those that hold one of the texts, and those in parts, which may cut a text at any byte."""
        finder, at = Finder(block, self._sought(block, texts)), block.start
        held, opened_at = self.pending_bytes, block.start  # what is open was opened before this block
        while at < block.end:
            found = (at, block.data.find(b"\n", at)) if self._joiner else finder.line(at)
            if found is None:
                break
            if not self._joiner:
                held, opened_at = 0, found[0]
            yield from self._line(block.data[slice(*found)], now_s)
            at = found[1] + 1
        self.pending_bytes = held + block.end - opened_at if self._joiner else 0

    def rest(self, now_s: float, *, ends: bool) -> Iterator[Line]:
        """Lines whose last part will not come, or did not come in time."""
        for line in self._joiner.forgotten(now_s, 0.0) if ends else self._joiner.forgotten(now_s):
            yield line, line
        self.pending_bytes = self.pending_bytes if self._joiner else 0

    def _line(self, raw: bytes, now_s: float) -> Iterator[Line]:
        part = self._part(raw)
        if part is None:  # in no frame: somebody else's line
            yield raw, raw
            return
        line = self._joiner.add(part.stream, part.text, now_s, whole=part.whole)
        if line is not None:
            yield line, raw

    def _part(self, raw: bytes) -> _Part | None:
        raise NotImplementedError

    def _sought(self, block: Block, texts: Sequence[bytes]) -> Iterable[bytes]:
        raise NotImplementedError


_PARTS = (b" stdout P", b" stderr P")  # what all lines in parts hold, and a few others
_CRI = re.compile(rb"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[-+]\d\d:\d\d) (stdout|stderr) ([PF])(?::\S*)?(?: |$)")


class Cri(_Framed):
    """Lines as Kubernetes' runtimes write them: `2026-11-21T10:00:00.123456789Z stdout F text`."""

    name: LogFormat = "cri"

    def _sought(self, block: Block, texts: Sequence[bytes]) -> Iterable[bytes]:
        if not texts:
            return ()
        data, start, end = block.data, block.start, block.end
        return *texts, *(one for one in _PARTS if data.rfind(one, start, end) >= 0)  # thrice as fast as find

    def _part(self, raw: bytes) -> _Part | None:
        head = _CRI.match(raw)
        return _Part(head[1], raw[head.end() :], head[2] == b"F") if head else None


class _Entry(msgspec.Struct, frozen=True, gc=False):
    """What one line of Docker's `json-file` holds."""

    log: str
    stream: str = ""


_ENTRY = msgspec.json.Decoder(_Entry)
_WHOLE = b'\\n","stream"'
_ESCAPED = re.compile(rb'[\x00-\x1f"\\<>&\x7f-\xff]+')  # what JSON may write otherwise


class Docker(_Framed):
    r"""Lines as Docker's `json-file` has them: `{"log":"text\n","stream":"stdout","time":"..."}`."""

    name: LogFormat = "docker"

    def _sought(self, block: Block, texts: Sequence[bytes]) -> Iterable[bytes]:
        data, start, end = block.data, block.start, block.end
        if data.count(_WHOLE, start, end) != data.count(b"\n", start, end):  # some are in parts
            return ()
        verbatim = [max(_ESCAPED.split(text), key=len) for text in texts]
        return verbatim if all(verbatim) else ()

    def _part(self, raw: bytes) -> _Part | None:
        try:
            entry = _ENTRY.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
        text = entry.log.encode(errors="replace")
        stream = b"stderr" if entry.stream == "stderr" else b"stdout"
        return _Part(stream, text.removesuffix(b"\n"), text.endswith(b"\n"))


def detected(block: Block, max_line_bytes: int) -> Format | None:
    """The format that the first line of a block is in; None where all are empty."""
    first = block.data[block.start : block.end].lstrip()
    if _CRI.match(first):
        return Cri(max_line_bytes)
    if first.startswith(b'{"log":"'):
        return Docker(max_line_bytes)
    return Plain() if first else None
