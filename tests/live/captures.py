"""Taking captures for tests, the way the daemon does: evidence, spool, drawing, checks."""

import asyncio
import gzip
import os
import stat
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from collectors.contract import Collector, Looker
from collectors.pyspy import PySpy
from daemon.capture.capture import take
from daemon.capture.choice import Sampling
from daemon.capture.opened import opened
from daemon.capture.plan import Plan
from daemon.capture.subject import Subject
from daemon.capture.window import CaptureWindow
from daemon.spool.spool import Spool
from daemon.targets.held import HeldAddress
from daemon.targets.process import HeldProcess
from fetch.access import Endpoint
from model.capture import Capture, PartOutcome, Recording
from model.events import Trigger, TriggerKind
from model.manifest import Manifest
from model.samples import SampleTable
from report.evidence import reading
from report.render import render
from tests.reports import assert_valid_report
from tests.targets import children


@dataclass(frozen=True)
class Taken:
    """A report that was taken, drawn and checked."""

    directory: Path
    manifest: Manifest
    table: SampleTable
    seconds: float  # that the capture took

    @property
    def capture(self) -> Capture:
        """What happened."""
        return self.manifest.capture

    @property
    def part(self) -> PartOutcome:
        """How the only part fared."""
        (part,) = self.capture.parts
        return part

    @property
    def recording(self) -> Recording:
        """What was recorded; there must be something."""
        assert self.capture.recording is not None
        return self.capture.recording

    def functions(self) -> set[str]:
        """Every function of the sample table."""
        return {frame.function for frame in self.table.frames}

    def last_seen_s(self) -> float:
        """The end of the last run, in monotonic seconds."""
        return max(run.end_us for run in self.table.runs()) / 1_000_000

    def text(self) -> bytes:
        """Every byte of every file, unpacked."""
        files = [file for file in self.directory.rglob("*") if file.is_file()]
        return b"\n".join(
            gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
            for file in files
        )


class Studio:
    """Takes captures one after the other."""

    def __init__(self, folder: Path) -> None:
        self._umask = os.umask(0o077)  # as the daemon sets it
        self.spool = Spool(folder, max_bytes=2**30, max_reports=1000)

    async def take(
        self,
        process: HeldProcess | HeldAddress | int,
        seconds: float = 1.0,
        sampler: Looker | None = None,
        *,
        sampling: Sampling | None = None,
        collectors: Mapping[str, Collector] | None = None,
        began: Callable[[CaptureWindow], object] = lambda window: None,
        spoil: Callable[[Path], object] = lambda directory: None,
        mend: Callable[[Path], object] = lambda directory: None,
        flawed: bool = False,
        presets: tuple[str, ...] = (),
    ) -> Taken:
        """Capture a process, or what an address leads to: its collectors only.

        `began` gets the open window, `spoil` and `mend` the report's folder before and after. Of `flawed`
        evidence the report may say so.
        """
        held = HeldProcess(process) if isinstance(process, int) else process
        trigger = Trigger(target="demo", kind=TriggerKind.MANUAL, reason="a test", at_s=time.monotonic())
        whose = Subject(name="demo", trigger=trigger, held=held, endpoint=_endpoint(held), presets=presets)
        incoming = self.spool.begin(opened(whose, {}, seconds, ("file",)))
        spoil(incoming.report_dir)
        window = CaptureWindow(seconds)
        began(window)
        how = sampling or Sampling(name="pyspy", looker=sampler or PySpy())
        by_address = isinstance(held, HeldAddress)
        plan = Plan(sampling=None if by_address else how, collectors=collectors or {})
        capture = await take(plan, whose, window, incoming)
        took_s = time.monotonic() - window.started_s
        mend(incoming.report_dir)
        entry = self.spool.accept(incoming, capture)
        held.close()
        return checked(entry.report_dir, took_s, flawed=flawed)

    def close(self) -> None:
        """Let go of the spool."""
        self.spool.close()
        os.umask(self._umask)


def _endpoint(held: HeldProcess | HeldAddress) -> Endpoint | None:
    if isinstance(held, HeldProcess):
        return None
    host, _, port = held.address.rpartition(":")
    return Endpoint(host=host, port=int(port))


def checked(directory: Path, seconds: float = 0.0, *, flawed: bool = False) -> Taken:
    """Draw a report and hold it against all that is true of every report."""
    render(directory)
    manifest = assert_valid_report(directory)
    assert manifest.rendering.rendered
    assert flawed or not manifest.rendering.detail
    assert_private(directory)
    return Taken(directory, manifest, reading.read(directory, manifest.capture).table, seconds)


def assert_private(directory: Path) -> None:
    """Only the owner may read files and enter folders."""
    for path in (directory, *directory.rglob("*")):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), f"{path.name}: {mode:o}"


async def until(condition: Callable[[], object], what: str, within_s: float = 15.0) -> None:
    """Wait for a condition in the event loop."""
    end_s = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end_s, f"not within {within_s:g} s: {what}"
        await asyncio.sleep(0.005)


def recorder(pid: int | None = None) -> int:
    """The child that records now, 0 when there is none."""
    return next((child for child, line in children(pid).items() if " record " in line), 0)
