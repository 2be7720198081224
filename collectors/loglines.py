"""Takes the lines that the target's log has of this iteration, scrubbed of secrets."""

import asyncio
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from collectors.contract import Collector, Taken, Target, Window
from collectors.excerpt import Bounds, Excerpt
from collectors.logfile import LogFile
from collectors.scrub import fault, scrubber
from disk.durable import sha256, write_atomic
from model.artifacts import Artifact
from model.capture import Outcome
from model.errors import CollectorError
from model.report import EVIDENCE_DIR
from model.units import ByteSize, Seconds

KIND, MEDIA_TYPE = "loglines", "text/plain; charset=utf-8"
_NO_FILE = "its log sources follow no file: the journal, a container of Kubernetes or standard input, or none"
_GIVE_PATH = "give `path`, a file that its lines are in"
_Several = Meta(max_length=16, extra={"or_one": True})


class LogLines(Collector, frozen=True, kw_only=True):
    """The target's log lines from the iteration's start to the window's end, without secrets."""

    light: ClassVar[bool] = True
    posthumous: ClassVar[bool] = True

    path: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=4096)], ...],
        _Several,
        Meta(
            description="The files; `target:/PATH` is one in the target's own root directory. Left out: "
            "those that its `log` sources follow."
        ),
    ] = ()
    before: Annotated[
        Seconds, Meta(ge=0, le=86400, description="Lines of so long before the iteration's start, too.")
    ] = Seconds(0)
    max_bytes: Annotated[
        ByteSize,
        Meta(
            ge=4096,
            le=4 * 2**20,
            description="The most of each file: half of it at most from before the trigger, the last lines, "
            "and the first lines of the window.",
        ),
    ] = ByteSize(2**20)
    max_lines: Annotated[
        int, Meta(ge=2, le=1_000_000, description="The most lines of each file, divided the same way.")
    ] = 10_000
    scrub: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=1000)], ...],
        Meta(max_length=64, extra={"or_one": True}),
        Meta(description="More to replace by `[scrubbed]`, beside the secrets that are known (RE2)."),
    ] = ()

    def __post_init__(self) -> None:
        """Built in Python, too, one text is a list of one, and never its characters."""
        for name in ("path", "scrub"):
            if isinstance(given := getattr(self, name), str):
                msgspec.structs.force_setattr(self, name, (given,))

    def check(self) -> Iterable[tuple[str, str, str]]:
        """Paths that can be meant, and patterns that RE2 reads."""
        for path in self.path:
            if "\0" in path or (path.startswith("target:") and not path.startswith("target:/")):
                yield "path", path.replace("\0", "?"), "a path; one of the target's begins with target:/"
        for text in self.scrub:
            if broken := fault(text):
                yield "scrub", text, broken

    async def collect(self, target: Target, window: Window, into: Path, name: str) -> Taken:
        """Keep what there is at the trigger; the whole of it, once the window has ended."""
        paths = self.path or target.logs
        if not paths:
            raise CollectorError(Outcome.NOTHING, _NO_FILE, remedy=_GIVE_PATH)
        clean = await asyncio.to_thread(scrubber, self.scrub)
        with ExitStack() as opened:
            excerpts, missing = await asyncio.to_thread(self._open, paths, target, opened)
            write = [_writer(into, name, number, excerpt, clean) for number, excerpt in enumerate(excerpts)]
            for keep in write:  # also for whoever adopts the capture of a daemon that was killed
                await asyncio.to_thread(keep)
            await window.ended()
            for excerpt in excerpts:
                await asyncio.to_thread(excerpt.finish)
            artifacts = [await asyncio.to_thread(keep) for keep in write]
        notes = [*_told(excerpts), *(str(error) for error in missing)]
        return Taken(artifacts=tuple(one for one in artifacts if one), detail="; ".join(notes))

    def _open(
        self, paths: tuple[str, ...], target: Target, opened: ExitStack
    ) -> tuple[list[Excerpt], list[CollectorError]]:
        """The files that can be read, and why the others cannot; raises when none can."""
        found, missing = [], []
        for path in dict.fromkeys(paths):
            try:
                file = opened.enter_context(LogFile(path, target))
            except CollectorError as error:
                missing.append(error)
                continue
            found.append(Excerpt(file, self._bounds(), self._since(target)))
        if not found:
            raise missing[0]
        return found, missing

    def _bounds(self) -> Bounds:
        return Bounds(size_bytes=self.max_bytes, lines=self.max_lines)

    def _since(self, target: Target) -> float | None:
        """From when on lines are wanted (Unix time); None where no iteration is known."""
        started_s = target.trigger.started_s
        return None if started_s is None else started_s - self.before + time.time() - time.monotonic()


def _writer(
    into: Path, name: str, number: int, excerpt: Excerpt, clean: Callable[[bytes], bytes]
) -> Callable[[], Artifact | None]:
    """What writes an excerpt as it is by then, and describes the file."""
    file = into / (f"{name}.{number + 1}.log" if number else f"{name}.log")

    def write() -> Artifact | None:
        text = clean(excerpt.text())
        if not text:
            return None
        write_atomic(file, text, sync=False)
        return Artifact(
            path=f"{EVIDENCE_DIR}/{file.name}",
            kind=KIND,
            media_type=MEDIA_TYPE,
            size_bytes=len(text),
            sha256=sha256(file),
        )

    return write


def _told(excerpts: list[Excerpt]) -> list[str]:
    """What is to be said of each, with its path where there are several."""
    several = len(excerpts) > 1
    return [f"{one.path}: {note}" if several else note for one in excerpts for note in one.notes]
