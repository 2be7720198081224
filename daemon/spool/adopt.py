"""Captures that a killed daemon left behind become partial reports."""

import errno
import fcntl
import logging
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from collectors.contract import Sampler
from daemon import evidence
from daemon.config.parts import COLLECTOR_FAMILY
from daemon.spool import fetched
from daemon.spool.entry import Entry, owe
from daemon.spool.healthy import Healthy
from daemon.spool.incoming import JOURNAL_FILE, LOCK_FILE, OPENED_FILE, Line
from daemon.spool.spool import Spool
from daemon.spool.state import Opened
from disk.durable import sync_file, write_atomic
from disk.reading import content
from model import coding
from model.capture import Capture, Dump, Outcome, PartOutcome, Recording, Segment, Window, WindowEnd
from model.errors import LoopcamError, SpoolError
from model.report import CAPTURE_FILE
from plugins.registry import UnknownPluginError

_LOG = logging.getLogger(__name__)

SAMPLERS_GONE_S = 3.0
_PASSING = (errno.ENOSPC, errno.EDQUOT, errno.EWOULDBLOCK)  # the next start may do better


def adopt(spool: Spool) -> Iterator[Entry]:
    """Take up every orphan of the spool; what cannot be read is set aside."""
    for directory in spool.orphans():
        try:
            if _holds_nothing(directory):
                shutil.rmtree(directory)
                continue
            entry = _adopted(spool, directory)
            spool.add(entry)
            yield entry
        except (SpoolError, msgspec.DecodeError) as error:
            spool.set_aside(directory, str(error))
        except OSError as error:
            if error.errno not in _PASSING:
                spool.set_aside(directory, str(error))
            else:
                _LOG.warning("not adopted yet", extra={"entry": directory.name, "error": error.strerror})


def _adopted(spool: Spool, directory: Path) -> Entry:
    if directory.is_symlink():
        raise SpoolError("a symbolic link is no entry of this spool")
    _wait_for_samplers(directory)
    if not (directory / "report" / CAPTURE_FILE).exists():
        _close(directory, spool.healthy)
    return spool.take_in(_cleared(directory))


def _holds_nothing(directory: Path) -> bool:
    """Whether the daemon was killed before it had written down what it was about to do."""
    if directory.is_symlink() or not directory.is_dir():
        return False
    files = [file for file in directory.rglob("*") if not file.is_dir()]
    return all(file.name in (LOCK_FILE, OPENED_FILE) and not file.lstat().st_size for file in files)


def _wait_for_samplers(directory: Path) -> None:
    """Samplers hold the lock until they have written their file; they end when the daemon does."""
    lock = os.open(directory / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
    try:
        deadline_s = time.monotonic() + SAMPLERS_GONE_S
        while time.monotonic() < deadline_s:
            try:
                return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(0.02)
    finally:
        os.close(lock)
    raise BlockingIOError(errno.EWOULDBLOCK, "a sampler of the earlier daemon still writes to it")


def _close(directory: Path, healthy: Healthy) -> None:
    """Write the capture.json that the killed daemon could not write."""
    opened = coding.decode(content(directory / OPENED_FILE), Opened)
    recording, ended_s = _recording(directory, opened)
    _scrub(directory / "report", recording.segments if recording else ())
    report = directory / "report"
    ended_s = max(ended_s, min(fetched.last_s(report), _last_s(opened)))
    owe(directory, opened.sinks, opened.notices)
    capture = Capture(
        **evidence.facts(opened),
        iteration=evidence.iteration(opened),
        window=Window(
            started_s=opened.trigger.at_s,
            ended_s=ended_s,
            collection_time_s=opened.collection_time_s,
            end=WindowEnd.DAEMON_KILLED,
        ),
        history=healthy.history(opened.target),
        outcome=Outcome.PARTIAL,
        notes=("adopted",),
        recording=recording,
        parts=(*_parts(recording, ended_s - opened.trigger.at_s), *fetched.parts(report)),
        evidence=tuple(evidence.describe(report)),
    )
    for artifact in capture.evidence:
        sync_file(report / artifact.path)
    write_atomic(report / CAPTURE_FILE, coding.encode(capture, indent=2))


def _recording(directory: Path, opened: Opened) -> tuple[Recording | None, float]:
    """What the journal names and is really there, and when the last of it was written."""
    segments: list[Segment] = []
    dumps: list[Dump] = []
    first: Line | None = None  # that names a segment, else any
    ended_s = opened.trigger.at_s
    for line in _journal(directory):
        if first is None or (first.segment is None and line.segment is not None):
            first = line
        piece = line.segment or line.dump
        if piece is None or (written_s := _written_s(directory / "report" / piece.path, opened)) is None:
            continue
        if line.whole:
            segments += [line.segment] if line.segment is not None else []
            dumps += [line.dump] if line.dump is not None else []
            continue
        ended_s = max(ended_s, written_s)
        if line.segment is not None:
            until_s = max(written_s, line.segment.started_s)
            segments.append(msgspec.structs.replace(line.segment, ended_s=until_s))
        elif line.dump is not None:
            dumps.append(line.dump)
    if first is None or (piece := first.segment or first.dump) is None:
        return None, ended_s
    recording = Recording(
        sampler=piece.sampler,
        version=first.sampler_version,
        rate_hz=segments[0].rate_hz if segments else 0,
        rate_reason="adopted from a daemon that was killed",
        blocking=False,
        segments=tuple(segments),
        dumps=tuple(dumps),
    )
    return recording, ended_s


def _scrub(report: Path, segments: Sequence[Segment]) -> None:
    for segment in segments:
        try:
            sampler = COLLECTOR_FAMILY.find(segment.sampler)
        except (UnknownPluginError, LoopcamError) as error:
            raise SpoolError(f"no sampler {segment.sampler} to clean its recording") from error
        if issubclass(sampler, Sampler):
            sampler().scrub(report / segment.path)


def _journal(directory: Path) -> Iterator[Line]:
    """The journal's whole lines; the last may be half written, or another while the disk was full."""
    path = directory / JOURNAL_FILE
    for line in content(path).splitlines() if path.exists() else ():
        try:
            yield coding.decode(line, Line)
        except msgspec.DecodeError:
            continue


def _written_s(path: Path, opened: Opened) -> float | None:
    """When a file was last written, on the monotonic clock of the capture's boot; None if it is empty.

    Wall time may have jumped meanwhile: a capture lies between its trigger and the end of its window.
    """
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    written_s = status.st_mtime - opened.wall_minus_monotonic_s
    return min(max(written_s, opened.trigger.at_s), _last_s(opened)) if status.st_size else None


def _last_s(opened: Opened) -> float:
    """When the last piece of evidence can have come."""
    return opened.trigger.at_s + opened.collection_time_s + SAMPLERS_GONE_S


def _parts(recording: Recording | None, seconds: float) -> tuple[PartOutcome, ...]:
    if recording is None:
        return ()
    detail = "the daemon was killed while it recorded"
    return (PartOutcome(name=recording.sampler, outcome=Outcome.PARTIAL, seconds=seconds, detail=detail),)


def _cleared(directory: Path) -> Path:
    for name in (LOCK_FILE, OPENED_FILE, JOURNAL_FILE):
        (directory / name).unlink(missing_ok=True)
    for leftover in directory.glob("report/.*"):
        shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
    return directory
