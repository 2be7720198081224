"""The reports that a command brought."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from daemon.commands.reports import whole
from model import coding
from model.manifest import Manifest
from model.report import MANIFEST_FILE


class Found(msgspec.Struct, frozen=True):
    """A report, and the iteration that it is of."""

    path: Path
    iteration: str | None


def known(out: Path) -> frozenset[Path]:
    """The reports that are in a folder already."""
    return frozenset(whole(out)) if out.is_dir() else frozenset()


def new(out: Path, before: frozenset[Path]) -> tuple[Found, ...]:
    """Those that came since, the oldest first."""
    return tuple(_read(out, before))


def _read(out: Path, before: frozenset[Path]) -> Iterator[Found]:
    for path in whole(out):
        if path not in before:
            manifest = coding.decode((path / MANIFEST_FILE).read_bytes(), Manifest)
            yield Found(path, manifest.capture.trigger.iteration)
