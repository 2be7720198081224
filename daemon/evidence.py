"""Describing the evidence of a report, and ourselves in it."""

import platform
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TypedDict

from daemon import __version__
from daemon.spool.state import Opened
from disk.durable import sha256
from model.artifacts import Artifact
from model.baseline import BASELINE_FILE
from model.capture import Iteration, ProcessIdentity
from model.events import Trigger
from model.report import EVIDENCE_DIR

_BYTES = "application/octet-stream"
# By a file's name: kind and media type. What a collector gave back bears its own description.
_KINDS = {
    BASELINE_FILE: ("baseline", "application/json"),
    "*.states.json": ("thread_states", "application/json"),
    "*.dump.json": ("dump", "application/json"),
    "*.trace.json": ("segment", "application/json"),
    "*.mojo": ("segment", _BYTES),
    "*.signals.jsonl": ("signals", "application/x-ndjson"),
    "*.log": ("loglines", "text/plain; charset=utf-8"),
    "*.fetches.json": ("fetches", "application/json"),
    "*-goroutines-[0-9][0-9][0-9].txt": ("goroutine_dump", "text/plain"),
    "*-cpu-[0-9][0-9][0-9].pb.gz": ("pprof_cpu", _BYTES),
    "*-goroutines.pb.gz": ("pprof_goroutines", _BYTES),
    "*-heap.pb.gz": ("pprof_heap", _BYTES),
    "*-allocs.pb.gz": ("pprof_allocs", _BYTES),
    "*-mutex.pb.gz": ("pprof_mutex", _BYTES),
    "*-block.pb.gz": ("pprof_block", _BYTES),
    "*-trace.out": ("go_trace", _BYTES),
    "*-before-[0-9][0-9][0-9].*": ("http_response", "text/plain"),
    "*-trigger.txt": ("http_response", "text/plain"),
    "*-end.txt": ("http_response", "text/plain"),
    "*-trigger.json": ("http_response", "application/json"),
    "*-end.json": ("http_response", "application/json"),
    "*-trigger.*": ("http_response", _BYTES),
    "*-end.*": ("http_response", _BYTES),
}


class Facts(TypedDict):
    """The fields of a capture that are known when it starts, and who took it."""

    id: str
    target: str
    labels: dict[str, str]
    triggered_at: str
    wall_minus_monotonic_s: float
    process: ProcessIdentity | None
    code_version: str
    address: str
    trigger: Trigger
    loopcam_version: str
    host: str


def facts(opened: Opened) -> Facts:
    """What a capture bears however it ended."""
    return Facts(
        id=opened.id,
        target=opened.target,
        labels=opened.labels,
        triggered_at=opened.triggered_at,
        wall_minus_monotonic_s=opened.wall_minus_monotonic_s,
        process=opened.process,
        code_version=opened.code_version,
        address=opened.address,
        trigger=opened.trigger,
        loopcam_version=version(),
        host=platform.node(),
    )


def iteration(opened: Opened, ended_s: float | None = None) -> Iteration | None:
    """The iteration that a capture is of, and its end where that was heard; None without a known start."""
    trigger = opened.trigger
    if trigger.started_s is None:
        return None
    return Iteration(id=trigger.iteration, started_s=trigger.started_s, ended_s=ended_s)


def version() -> str:
    """The installed version of loopcam."""
    return __version__


def describe(report_dir: Path) -> Iterator[Artifact]:
    """Every evidence file with its size and hash, the recorder's as well as others'."""
    for file in sorted((report_dir / EVIDENCE_DIR).rglob("*")):
        if file.is_file() and not file.is_symlink():
            yield artifact(report_dir, file)


def artifact(report_dir: Path, file: Path) -> Artifact:
    """One evidence file, described by its name."""
    kind, media_type = next(
        (about for pattern, about in _KINDS.items() if fnmatchcase(file.name, pattern)), ("other", _BYTES)
    )
    return Artifact(
        path=file.relative_to(report_dir).as_posix(),
        kind=kind,
        media_type=media_type,
        size_bytes=file.stat().st_size,
        sha256=sha256(file),
    )
