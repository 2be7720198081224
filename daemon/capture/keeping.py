"""What a recorder keeps: evidence files, what they are, and the journal for whoever has to adopt them."""

import asyncio
import itertools
from pathlib import Path
from typing import Protocol

import msgspec

from collectors.contract import Judgement, Sampler
from collectors.files import writing
from daemon.capture.child import Printed
from daemon.spool.incoming import Line
from daemon.targets.process import HeldProcess
from disk.durable import FILE_MODE
from model import coding
from model.capture import Dump, Segment
from model.errors import CollectorError
from model.report import EVIDENCE_DIR


class Place(Protocol):
    """Where evidence is kept: a capture's folder, or a ring's."""

    lock: int
    report_dir: Path

    def note(self, line: Line) -> None:
        """Append to the journal."""


class Keeping:
    """The segments and dumps of one capture, or of a ring."""

    def __init__(self, process: HeldProcess, incoming: Place, mark: str = "") -> None:
        """`mark` stands in the names of its files, before their numbers."""
        self.segments: list[Segment] = []
        self.dumps: list[Dump] = []
        self.dumped_bytes = self.recorded_bytes = 0
        self._process = process
        self._incoming = incoming
        self._mark = mark
        self._numbers = itertools.count()

    @property
    def lock(self) -> int:
        """The descriptor that samplers inherit."""
        return self._incoming.lock

    def dump(self, sampler: str, version: str, printed: Printed) -> None:
        """Keep a look, with the scheduler's view of the same threads; raises CollectorError."""
        stem = f"{EVIDENCE_DIR}/{sampler}-{self._mark}{next(self._numbers):03d}"
        dump = Dump(
            path=f"{stem}.dump.json",
            states_path=f"{stem}.states.json",
            sampler=sampler,
            at_s=printed.at_s,
            cpu_s=printed.cpu_s,
        )
        with writing():
            self._write(dump.path, printed.data)
            self._write(f"{stem}.states.json", coding.encode(self._process.tasks()))
            self._incoming.note(Line(sampler_version=version, dump=dump))
        self.dumps.append(dump)
        self.dumped_bytes += len(printed.data)

    def hand_out(self) -> tuple[list[Segment], list[Dump]]:
        """All that was kept since the last time, to be known here no longer."""
        segments, dumps, self.segments, self.dumps = self.segments, self.dumps, [], []
        self.dumped_bytes = self.recorded_bytes = 0
        return segments, dumps

    def path(self, name: str, sampler: Sampler) -> str:
        """Where the next segment goes, within the report."""
        return f"{EVIDENCE_DIR}/{name}-{self._mark}{next(self._numbers):03d}{sampler.segment_suffix}"

    def file(self, path: str) -> Path:
        """A file of the report."""
        return self._incoming.report_dir / path

    def begun(self, segment: Segment, version: str) -> None:
        """Note in the journal that a segment began; raises CollectorError."""
        with writing():
            self._incoming.note(Line(sampler_version=version, segment=segment))

    def drop(self, segment: Segment) -> None:
        """Leave no file of a segment that must not be kept."""
        (self._incoming.report_dir / segment.path).unlink(missing_ok=True)

    async def segment(self, sampler: Sampler, segment: Segment, judged: Judgement) -> int:
        """Keep a segment, cleaned of secrets, if it has a file; its size in bytes. Raises CollectorError."""
        file = self._incoming.report_dir / segment.path
        if not file.exists() or not file.stat().st_size:
            return 0
        file.chmod(FILE_MODE)
        try:
            with writing():
                await asyncio.to_thread(sampler.scrub, file)
        except CollectorError:
            self.drop(segment)  # what could not be cleaned of secrets is not kept
            raise
        self.segments.append(
            msgspec.structs.replace(segment, taken=judged.taken, missed=judged.missed, behind=judged.behind)
        )
        size_bytes = file.stat().st_size
        self.recorded_bytes += size_bytes
        return size_bytes

    def _write(self, path: str, data: bytes) -> None:
        file = self._incoming.report_dir / path
        file.touch(mode=FILE_MODE)
        try:
            file.write_bytes(data)
        except OSError:  # no space: half of it would take what is left
            file.unlink()
            raise
