"""What may stay in a folder of reports: the newest, as far as count, age and bytes allow."""

import errno
import os
import shutil
import time
from calendar import timegm
from pathlib import Path

import msgspec

from disk.durable import size_bytes
from model.report import MANIFEST_FILE
from sinks.folders import folder

_DAY_ENTRIES = "*/[0-9][0-9][0-9][0-9]/[0-9][0-9]/[0-9][0-9]/*"  # see model.report.location
_DEPTH = 5


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much may stay; 0 or None sets no limit."""

    count: int
    age_s: float | None
    size_bytes: int | None


class _Mark(msgspec.Struct, frozen=True):
    """The part of a manifest that shows whose folder it is in."""

    id: str
    path: str


def partial(name: str) -> str:
    """The name of a report's folder while it is being written or removed."""
    return f".{name}.partial"


def aside(name: str) -> str:
    """The name of a report's folder while a newer revision takes its place."""
    return f".{name}.before"


def remove_leftovers(root: Path) -> None:
    """Clear away what an interrupted attempt left; a report that was moved aside comes back."""
    for entry in _entries(root):
        name = entry.name.removeprefix(".").rpartition(".")[0]
        if entry.name == aside(name) and not entry.with_name(name).exists():
            with folder(root, _above(root, entry)) as day:
                os.rename(entry.name, name, src_dir_fd=day, dst_dir_fd=day)
        elif entry.name in (partial(name), aside(name)):
            _remove(root, entry, entry.name)


def retire(root: Path, limits: Limits, *, spare: Path | None = None) -> None:
    """Remove the oldest reports beyond the limits, and the folders left empty; `spare` always stays."""
    if not (limits.count or limits.age_s or limits.size_bytes):
        return
    reports = [entry for entry in _entries(root) if _is_report(root, entry)]
    reports.sort(key=lambda report: (report == spare, report.name), reverse=True)
    total_bytes = 0
    for rank, report in enumerate(reports, 1):
        total_bytes += size_bytes(report) if limits.size_bytes else 0
        if report != spare and _is_beyond(limits, rank, _age_s(report.name), total_bytes):
            _remove(root, report, partial(report.name))


def _is_beyond(limits: Limits, rank: int, age_s: float, total_bytes: int) -> bool:
    return bool(
        (limits.count and rank > limits.count)
        or (limits.age_s and age_s > limits.age_s)
        or (limits.size_bytes and total_bytes > limits.size_bytes)
    )


def _entries(root: Path) -> list[Path]:
    """The folders in all days of all targets; what is behind a symbolic link is not ours."""
    return [
        entry
        for entry in root.glob(_DAY_ENTRIES)
        if entry.is_dir() and not any(step.is_symlink() for step in (entry, *entry.parents[: _DEPTH - 1]))
    ]


def _is_report(root: Path, entry: Path) -> bool:
    manifest = entry / MANIFEST_FILE
    if manifest.is_symlink() or not manifest.is_file():
        return False
    try:
        mark = msgspec.json.decode(manifest.read_bytes(), type=_Mark)
    except msgspec.DecodeError:
        return False
    return mark == _Mark(entry.name, entry.relative_to(root).as_posix())


def _age_s(report_id: str) -> float:
    try:
        return time.time() - timegm(time.strptime(report_id[:16], "%Y%m%dT%H%M%SZ"))
    except ValueError:  # no time in the name: never too old
        return 0.0


def _remove(root: Path, entry: Path, meanwhile: str) -> None:
    """Take it away under another name. By descriptors: what was looked at may have become a link since."""
    with folder(root, _above(root, entry)) as day:
        if entry.name != meanwhile:
            os.rename(entry.name, meanwhile, src_dir_fd=day, dst_dir_fd=day)
        shutil.rmtree(meanwhile, dir_fd=day)
    for empty in entry.parents[: _DEPTH - 1]:
        with folder(root, _above(root, empty)) as here:
            try:
                os.rmdir(empty.name, dir_fd=here)
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
                return


def _above(root: Path, entry: Path) -> tuple[str, ...]:
    return entry.parent.relative_to(root).parts
