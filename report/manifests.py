"""manifest.json: the table of contents, written last, because a report with one is whole."""

import functools
import importlib.metadata
import platform
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from disk import durable
from model import coding
from model.artifacts import Artifact
from model.capture import Capture
from model.comparison import Comparison
from model.errors import RenderError
from model.manifest import Manifest, Rendering, TopStack
from model.report import CAPTURE_FILE, MANIFEST_FILE, location
from model.verdict import Verdict


def read_capture(directory: Path) -> Capture:
    """The capture of a report directory; raises RenderError when it cannot be read."""
    try:
        return coding.decode((directory / CAPTURE_FILE).read_bytes(), Capture)
    except (OSError, msgspec.DecodeError) as error:
        raise RenderError(
            f"{directory.name}: {CAPTURE_FILE} cannot be read: {error}",
            remedy="the report was never accepted, or is damaged: look at its evidence by hand",
        ) from error


def read(directory: Path) -> Manifest:
    """The manifest of a report directory; raises OSError, or msgspec.DecodeError when it is damaged."""
    return coding.decode((directory / MANIFEST_FILE).read_bytes(), Manifest)


def describe(directory: Path, path: str, kind: str, media_type: str) -> Artifact:
    """An artifact for a file that is there now; raises OSError when it is not."""
    file = directory / path
    return Artifact(
        path=path,
        kind=kind,
        media_type=media_type,
        size_bytes=file.stat().st_size,
        sha256=durable.sha256(file),
    )


def evidence(directory: Path, capture: Capture) -> tuple[tuple[Artifact, ...], tuple[str, ...]]:
    """capture.json and the evidence as they are now, and what is wrong with them in words."""
    found = [describe(directory, CAPTURE_FILE, "capture", "application/json")]
    faults = []
    for accepted in capture.evidence:
        try:
            now = describe(directory, accepted.path, accepted.kind, accepted.media_type)
        except OSError as error:
            faults.append(f"{accepted.path} is missing: {error.strerror}")
            continue
        found.append(now)
        if now != accepted:
            faults.append(f"{accepted.path} was changed after the capture")
    return tuple(found), tuple(faults)


def write(
    directory: Path,
    capture: Capture,
    rendering: Rendering,
    artifacts: Iterable[Artifact],
    top_stacks: tuple[TopStack, ...] = (),
    *,
    verdict: Verdict | None = None,
    comparison: Comparison | None = None,
) -> Manifest:
    """Write the next revision of the manifest."""
    manifest = Manifest(
        id=capture.id,
        revision=_next_revision(directory),
        path=location(capture.target, capture.id),
        capture=capture,
        rendering=rendering,
        verdict=verdict,
        comparison=comparison,
        top_stacks=top_stacks,
        artifacts=tuple(artifacts),
        versions=dict(_versions(capture)),
    )
    durable.write_atomic(directory / MANIFEST_FILE, coding.encode(manifest, indent=2))
    return manifest


def _next_revision(directory: Path) -> int:
    try:
        return read(directory).revision + 1
    except (OSError, msgspec.DecodeError):
        return 1  # none yet, or a damaged one that this replaces


@functools.cache
def own_version() -> str:
    """The version of loopcam that is installed."""
    return importlib.metadata.version("loopcam")


def _versions(capture: Capture) -> Iterator[tuple[str, str]]:
    yield "loopcam", own_version()
    yield "python", platform.python_version()
    if capture.recording is not None:
        yield (
            {"pyspy": "py-spy"}.get(capture.recording.sampler, capture.recording.sampler),
            (capture.recording.version),
        )
