"""What a path holds: a report, or a profile in one of the forms that are common."""

import zlib
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from model import coding
from model.errors import LoopcamError
from model.manifest import Manifest
from model.report import CAPTURE_FILE, MANIFEST_FILE
from report import manifests, slices
from report.baseline.calls import Calls, of_table
from report.baseline.profiles import collapsed, pprof, speedscope
from report.evidence import reading

MOST_BYTES: Final = 256 * 2**20
_FORMS: Final = "a report's folder, profile.pb.gz, speedscope's JSON, or collapsed stacks"
_GZIP, _HEAD_BYTES = b"\x1f\x8b", 4096


class ProfileError(LoopcamError):
    """A path that holds no profile."""


class Profile(NamedTuple):
    """A profile under the name by which it is shown."""

    name: str
    calls: Calls
    unit: str  # `s`, or what else it counts
    note: str = ""


def read(path: Path) -> Profile:
    """The profile that a path holds; raises ProfileError."""
    try:
        if path.is_dir():
            return _report(path)
        if path.name in (MANIFEST_FILE, CAPTURE_FILE):
            return _report(path.parent)
        found = _file(path)
    except FileNotFoundError as error:
        raise ProfileError(f"{path}: no such file or folder", remedy=f"give {_FORMS}") from error
    except OSError as error:
        raise ProfileError(f"{path}: {error.strerror or error}", remedy=f"give {_FORMS}") from error
    except (ValueError, msgspec.DecodeError, zlib.error, RecursionError) as error:
        raise ProfileError(f"{path} is no profile: {error}", remedy=f"give {_FORMS}") from error
    if not found.calls.seconds:
        raise ProfileError(
            f"{path} is no profile, or an empty one: it has no stacks", remedy=f"give {_FORMS}"
        )
    return found


def _file(path: Path) -> Profile:
    if path.stat().st_size > MOST_BYTES:
        raise ValueError(f"larger than {MOST_BYTES >> 20} MiB")
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if head.startswith(_GZIP) or path.suffix == ".pb":
        return Profile(path.name, *pprof.read(path))
    if head.lstrip().startswith((b"{", b"[")):
        return Profile(path.name, *speedscope.read(path.read_bytes()))
    if b"\0" in head:
        raise ValueError("neither text nor gzip")
    return Profile(path.name, *collapsed.read(path.read_bytes()))


def _report(directory: Path) -> Profile:
    """A report's stalled iteration, from its evidence."""
    if not (directory / CAPTURE_FILE).exists():
        raise ValueError(f"the folder has no {CAPTURE_FILE}")
    capture = manifests.read_capture(directory)
    found = reading.read(directory, capture)
    calls = of_table(slices.stalled(found.table, capture), capture.pid)
    if not calls.seconds:
        why = "; ".join(found.faults) or "nothing was sampled"
        raise ProfileError(f"report {capture.id} holds no stacks: {why}", remedy="give another report")
    name = f"{capture.target}, {capture.triggered_at}"
    return Profile(name, calls, "s", _verdict(directory) or capture.trigger.reason)


def _verdict(directory: Path) -> str:
    try:
        manifest = coding.decode((directory / MANIFEST_FILE).read_bytes(), Manifest)
    except (OSError, msgspec.DecodeError):  # not drawn yet, or damaged: the evidence is there all the same
        return ""
    return manifest.verdict.sentence if manifest.verdict else ""
