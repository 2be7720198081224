"""The last of the target's log lines that a capture took."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from model.capture import Capture
from report.evidence.fetched import words

MOST_LINES = 300
MOST_BYTES = 128 << 10
_KIND = "loglines"


class Tail(NamedTuple):
    """The last lines of a file."""

    path: str
    lines: tuple[str, ...]
    whole: bool  # there are no more


def tails(directory: Path, capture: Capture, faults: list[str]) -> Iterator[Tail]:
    """The end of each file of log lines; those that cannot be read are told."""
    for artifact in capture.evidence:
        if artifact.kind == _KIND:
            try:
                yield _tail(directory, artifact.path)
            except OSError as error:
                faults.append(words(artifact.path, error))


def _tail(directory: Path, path: str) -> Tail:
    with (directory / path).open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - MOST_BYTES))
        lines = file.read(MOST_BYTES).decode(errors="replace").split("\n")
    if lines and not lines[-1]:
        lines.pop()
    cut = size > MOST_BYTES
    lines = lines[1:] if cut and len(lines) > 1 else lines  # the first is half a line
    return Tail(path, tuple(lines[-MOST_LINES:]), not cut and len(lines) <= MOST_LINES)
