"""Locks, as far as stacks and the lines of the target's code tell: who takes which, who has it."""

import re
from collections.abc import Iterable
from typing import Final

from model.samples import Frame
from report.places import Origin, origin
from report.verdict import words
from report.verdict.conduct import Conduct, Piece
from report.verdict.features import Features

_SYNCHRONISED: Final = re.compile(r"/(?:threading|queue|_base|thread|synchronize|locks)\.py$")
_ACQUIRES: Final = re.compile(r"(.+)\.acquire")


def takes(features: Features, piece: Piece) -> str:
    """The lock that a stack waits to take, as written; empty where that is not seen."""
    for frame in reversed(piece.frames):
        if origin(frame.file) is Origin.STANDARD:
            continue
        line = features.code.get((frame.file, frame.line))
        if line is None:
            return ""
        acquired = [found.group(1) for name in line.calls if (found := _ACQUIRES.fullmatch(name))]
        return next(iter((*line.takes, *acquired)), "")
    return ""


def is_lock(features: Features, piece: Piece) -> bool:
    """Whether the line, or a frame of threading, says that it is a lock; else it may be the GIL."""
    return bool(takes(features, piece)) or synchronises(piece.leaf.file)


def synchronises(file: str) -> bool:
    """Whether a file is one of those in which the standard library's locks are."""
    return origin(file) is Origin.STANDARD and bool(_SYNCHRONISED.search(file))


def held(features: Features, frames: Iterable[Frame]) -> set[str]:
    """The locks whose `with` blocks a thread is inside of, as written."""
    found: set[str] = set()
    for frame in frames:
        line = features.code.get((frame.file, frame.line))
        found |= set(line.held) if line else set()
    return found


def is_one(lock: str, *pieces: Piece) -> bool:
    """Whether a lock's name is that of one object for all of these stacks: a global of the same file.

    `self.lock` may be another object's, and a name of another file another lock.
    """
    files = {frame.file for piece in pieces if (frame := words.caller(piece.frames)) is not None}
    return "." not in lock and len(files) == 1


def others(features: Features, but: Conduct) -> list[Conduct]:
    """All threads but one."""
    return [each for each in features.conducts if each is not but]
