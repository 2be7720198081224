"""The files of a report in the order they are stored in, opened so that nothing else is ever read."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from disk.durable import sha256
from model.artifacts import Artifact
from model.errors import SinkError
from model.report import MANIFEST_FILE, MANIFEST_MEDIA_TYPE, Report

_LONGEST_BYTES = 255  # what file systems allow for one name


def parts(path: str) -> tuple[str, ...]:
    """The names of a relative path; raises SinkError when one of them could lead outside."""
    names = tuple(path.split("/"))
    for name in names:
        if name in ("", ".", "..") or not name.isprintable() or len(name.encode()) > _LONGEST_BYTES:
            raise SinkError(
                f"the report holds a path that is not stored: {path!r}",
                retry=False,
                remedy="names of targets and files must be printable, without empty or dotted parts",
            )
    return names


def files(report: Report) -> Iterator[Artifact]:
    """Every file that the manifest lists, in its order. The manifest itself goes last, see `manifest`."""
    for artifact in report.manifest.artifacts:
        parts(artifact.path)
        yield artifact


def manifest(report: Report) -> Artifact:
    """The manifest's own file, described like the others; raises SinkError when it is not there."""
    file = _inside(report.directory, MANIFEST_FILE)
    return Artifact(
        path=MANIFEST_FILE,
        kind="manifest",
        media_type=MANIFEST_MEDIA_TYPE,
        size_bytes=file.stat().st_size,
        sha256=sha256(file),
    )


def open_file(report: Report, artifact: Artifact) -> BinaryIO:
    """A file of the report, open for reading; raises SinkError when it is not the one that was listed."""
    path = _inside(report.directory, artifact.path)
    if path.stat().st_size != artifact.size_bytes:
        raise _damaged(report.directory, f"{artifact.path} does not have {artifact.size_bytes} bytes")
    try:
        return open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb")
    except OSError as error:
        raise SinkError(f"{artifact.path} cannot be read: {error.strerror}", retry=True) from error


def _inside(directory: Path, path: str) -> Path:
    file = directory.resolve().joinpath(*parts(path))
    if not file.is_file():
        raise _damaged(directory, f"{path} is missing")
    if file.resolve() != file:
        raise _damaged(directory, f"{path} is behind a symbolic link")
    return file


def _damaged(directory: Path, what: str) -> SinkError:
    return SinkError(
        f"the report is damaged: {what}", retry=False, remedy=f"loopcam reports verify {directory}"
    )
