"""Whether a report is what its manifest says."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from disk import durable
from model.artifacts import Artifact
from model.report import MANIFEST_FILE
from report import manifests


def verify(directory: Path) -> tuple[str, ...]:
    """Every fault in words; none when all is well."""
    try:
        manifest = manifests.read(directory)
    except (OSError, msgspec.DecodeError) as error:
        return (f"{MANIFEST_FILE}: cannot be read: {error}",)
    listed = {artifact.path for artifact in manifest.artifacts}
    faults = [fault for artifact in manifest.artifacts for fault in _faults(directory, artifact)]
    faults += [f"{path}: not in the manifest" for path in _files(directory) if path not in listed]
    return tuple(faults)


def _faults(directory: Path, artifact: Artifact) -> Iterator[str]:
    file = directory / artifact.path
    if "\0" in artifact.path:
        yield f"{artifact.path!r}: no file can have this name"
    elif not file.resolve().is_relative_to(directory.resolve()) or file.is_symlink():
        yield f"{artifact.path}: leads out of the report"
    elif not file.is_file():
        yield f"{artifact.path}: missing"
    elif file.stat().st_size != artifact.size_bytes:
        yield f"{artifact.path}: {file.stat().st_size} bytes, not {artifact.size_bytes}"
    elif durable.sha256(file) != artifact.sha256:
        yield f"{artifact.path}: its content was changed"


def _files(directory: Path) -> Iterator[str]:
    """All files but the manifest and what an unfinished rendering left (its names begin with a dot)."""
    for file in sorted(directory.rglob("*")):
        path = file.relative_to(directory)
        if path.parts[0].startswith(".") or path.as_posix() == MANIFEST_FILE:
            continue
        if file.is_symlink() or not file.is_dir():
            yield path.as_posix()
