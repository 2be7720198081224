"""The reports that a command brought."""

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from daemon.commands.reports import whole
from model import coding
from model.events import Trigger
from model.manifest import Manifest
from model.report import MANIFEST_FILE


class Found(msgspec.Struct, frozen=True):
    """A report, and in words the iteration that it is of."""

    path: Path
    iteration: str
    verdict: str = ""  # its sentence


def known(out: Path) -> frozenset[Path]:
    """The reports that are in a folder already."""
    return frozenset(whole(out)) if out.is_dir() else frozenset()


def new(out: Path, before: frozenset[Path], named: Callable[[Trigger], str]) -> tuple[Found, ...]:
    """Those that came since, the oldest first; `named` gives the iteration's words."""
    return tuple(_read(out, before, named))


def _read(out: Path, before: frozenset[Path], named: Callable[[Trigger], str]) -> Iterator[Found]:
    for path in whole(out):
        if path not in before:
            manifest = coding.decode((path / MANIFEST_FILE).read_bytes(), Manifest)
            said = manifest.verdict.sentence if manifest.verdict else ""
            yield Found(path, named(manifest.capture.trigger), said)
