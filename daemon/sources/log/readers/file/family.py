"""Which names in a folder are generations of a log, and which is older than which. Pure."""

import re
from collections.abc import Sequence

import msgspec

PACKED = ".gz"
MOST_COUNTED = 10_000  # a greater number is a date
_STAMP = r"[0-9][0-9T:_.+-]*Z?"


class Named(msgspec.Struct, frozen=True):
    """A generation as its folder shows it."""

    name: str
    inode: int
    size_bytes: int
    mtime_ns: int

    @property
    def packed(self) -> bool:
        """Whether it is compressed in a way that can be read."""
        return self.name.endswith(PACKED)


class Family:
    """The generations of one log, by their names."""

    def __init__(self, name: str, *, linked: bool) -> None:
        """`linked`: the path is a link, which moves between files that differ in their numbers."""
        stem, dot, extension = name.rpartition(".")
        base = _pattern(name, linked=linked)
        between = (
            f"{_pattern(stem, linked=linked)}[.-]{_STAMP}[.]{re.escape(extension)}" if dot and stem else base
        )
        self._pattern = re.compile(f"(?:{base}(?:[.-]{_STAMP}|[.]old|~)?|{between})(?:{re.escape(PACKED)})?")
        self._linked = linked
        self._base_numbers = len(re.findall(r"\d+", name))

    def holds(self, name: str) -> bool:
        """Whether a file of this name is the log or one of its generations."""
        return self._pattern.fullmatch(name) is not None

    def oldest_first(self, found: Sequence[Named]) -> list[Named]:
        """By the numbers in their names where these tell (`.2` before `.1`, dates), else by time."""
        by_time = sorted(found, key=lambda one: one.mtime_ns)
        numbers = {one.name: self._numbers(one.name) for one in found}
        if not self._linked and not all(own for _, own in numbers.values()):
            return by_time
        ranked = sorted(by_time, key=lambda one: _rank(*numbers[one.name]))
        return ranked[::-1] if _contradicted(ranked) else ranked

    def _numbers(self, name: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The numbers of the log's own name, and those that mark the generation."""
        found = tuple(map(int, re.findall(r"\d+", name.removesuffix(PACKED))))
        return found[: self._base_numbers], found[self._base_numbers :]


def _pattern(name: str, *, linked: bool) -> str:
    escaped = re.escape(name)
    return re.sub(r"\d+", r"\\d+", escaped) if linked else escaped


def _rank(base: tuple[int, ...], own: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """What grows with time: a date, a number that counts down; the one without any is the newest."""
    if len(own) == 1 and own[0] < MOST_COUNTED:
        return base, (-own[0],)
    return base, own or (float("inf"),)


def _contradicted(ranked: Sequence[Named]) -> bool:
    """Whether the times of files that were not written anew by a compressor say the opposite."""
    plain = [one.mtime_ns for one in ranked if not one.packed]
    return len(plain) > 1 and plain == sorted(plain, reverse=True) and plain[0] != plain[-1]
