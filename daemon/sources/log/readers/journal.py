"""The lines that a systemd unit wrote into the journal, by `journalctl --follow`."""

import asyncio
import signal
import time
from pathlib import Path

import msgspec

from daemon.children import kill, spawn
from daemon.sources.log.contract import Piece, Take
from daemon.sources.log.readers.bookmark import Bookmark
from model.errors import SourceError

PROGRAM = "journalctl"
READ_BYTES = 65536
MAX_ENTRY_BYTES = 2**20  # a longer one is no line of a loop
MAX_SAID_BYTES = 4096
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
_UNSEEN = b"not seeing messages from other users"
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_RIGHTS = (
    "let loopcam read the journal: add its user to the group systemd-journal (usermod -aG, or "
    "supplementalGroups in a pod), and mount the host's /var/log/journal into a container"
)


class _Entry(msgspec.Struct, frozen=True):
    """What we ask of an entry. A message is text, bytes as numbers, null, or a list of such."""

    cursor: str = msgspec.field(name="__CURSOR")
    boot: str = msgspec.field(name="_BOOT_ID", default="")
    at_us: str = msgspec.field(name="__MONOTONIC_TIMESTAMP", default="0")
    message: object = msgspec.field(name="MESSAGE", default=None)


_DECODER = msgspec.json.Decoder(_Entry)


class Journal:
    """A unit's lines; those from before this began are not fresh."""

    def __init__(self, unit: str, directory: Path | None, bookmark: Bookmark) -> None:
        """`directory` holds the journal where it is not the machine's own; the bookmark is a cursor."""
        self._unit = unit
        self._directory = directory
        self._bookmark = bookmark
        self._began_us = time.monotonic_ns() // 1000
        self._boot = _BOOT_ID.read_text().strip().replace("-", "")

    async def read(self, take: Take) -> None:
        """Hand on the unit's lines, from the bookmark on or from now on; raises SourceError."""
        child = await self._start()
        said = bytearray()
        hearing = asyncio.create_task(_hear(child, said), name="what journalctl says")
        try:
            await self._entries(child.stdout, take)
            await hearing
            code = await child.wait()
            raise _ended(code, bytes(said))
        finally:
            hearing.cancel()
            kill(child)
            await child.wait()

    async def _start(self) -> asyncio.subprocess.Process:
        try:
            return await spawn(
                self._argv(),
                environment=_ENVIRONMENT,
                stderr=asyncio.subprocess.PIPE,
                death_signal=signal.SIGKILL,
            )
        except FileNotFoundError as error:
            remedy = "install systemd's journalctl beside loopcam, or follow a file: path"
            raise SourceError("there is no program journalctl", remedy=remedy) from error
        except OSError as error:
            raise SourceError(f"journalctl does not start: {error.strerror}") from error

    def _argv(self) -> list[str]:
        # --merge: without it, only a journal that knows this boot already can be followed
        argv = [PROGRAM, "--follow", "--merge", "--all", "--no-pager"]
        argv += ["--output=json", "--output-fields=MESSAGE", f"--unit={self._unit}"]
        argv += [f"--directory={self._directory}"] if self._directory else []
        place = self._bookmark.text
        # --no-tail: of what came since, following would give the last ten lines only
        return [*argv, *(["--no-tail", f"--after-cursor={place}"] if place else ["--lines=0"])]

    async def _entries(self, stream: asyncio.StreamReader | None, take: Take) -> None:
        """Hand on entries until there are no more; whole lines, so that none is ever pending."""
        rest, skipping = b"", False
        while stream is not None and (data := await stream.read(READ_BYTES)):
            *lines, rest = (rest + data).split(b"\n")
            if skipping and lines:
                del lines[0]
                skipping = False
            if len(rest) > MAX_ENTRY_BYTES:
                rest, skipping = b"", True
            self._hand_on(lines, take)

    def _hand_on(self, lines: list[bytes], take: Take) -> None:
        entries = [_entry(line) for line in lines]
        for fresh, text in self._texts(entries):
            take(Piece(data=text, fresh=fresh))
        if entries:
            self._bookmark.write(entries[-1].cursor)

    def _texts(self, entries: list[_Entry]) -> list[tuple[bool, bytes]]:
        """The lines of entries, those that are equally fresh together; of this boot and machine only."""
        found: list[tuple[bool, bytes]] = []
        for entry in entries:
            if entry.boot != self._boot:
                continue
            fresh, text = int(entry.at_us) >= self._began_us, _text(entry.message)
            if found and found[-1][0] == fresh:
                text = found.pop()[1] + text
            found.append((fresh, text))
        return found


def _entry(line: bytes) -> _Entry:
    try:
        return _DECODER.decode(line)
    except msgspec.MsgspecError as error:
        raise SourceError(f"journalctl writes what is no entry: {error}") from error


def _text(message: object) -> bytes:
    """A message with a newline at its end; of a field that an entry holds several times, each one."""
    if isinstance(message, str):
        return message.encode(errors="surrogateescape") + b"\n"
    if not isinstance(message, list) or not message:
        return b""
    if all(isinstance(one, int) for one in message):
        return bytes(message) + b"\n"
    return b"".join(map(_text, message))


async def _hear(child: asyncio.subprocess.Process, said: bytearray) -> None:
    """Keep what it says of errors; that others' lines are hidden from us is one, and ends it."""
    while child.stderr is not None and (data := await child.stderr.read(MAX_SAID_BYTES)):
        said += data[: MAX_SAID_BYTES - len(said)]
        if _UNSEEN in said:
            kill(child)


def _ended(code: int, said: bytes) -> SourceError:
    lines = [line for line in said.decode(errors="replace").splitlines() if line.strip()]
    if _UNSEEN in said or "ermission" in said.decode(errors="replace"):
        return SourceError(f"the journal cannot be read: {lines[-1] if lines else ''}", remedy=_RIGHTS)
    return SourceError(f"journalctl ended ({code}): {lines[-1] if lines else 'it said nothing'}")
