"""Writes files in austin's MOJO format, as 3.7 does."""

from collections.abc import Mapping, Sequence

Place = tuple[str, str, int]  # function, file, line

METADATA, STACK, FRAME, INVALID, FRAME_REF, TIME, STRING = 1, 2, 3, 4, 5, 9, 11


class Mojo:
    """A file in the making."""

    def __init__(self) -> None:
        self.data = bytearray(b"MOJ" + number(3))
        self.meta("austin", "3.7.0")
        self._strings: dict[str, int] = {}
        self._frames: dict[Place, int] = {}

    def meta(self, key: str, value: str) -> None:
        """A fact about the whole."""
        self.data += bytes([METADATA]) + text(key) + text(value)

    def sample(
        self,
        step_us: int,
        pid: int,
        thread: int,
        stack: Sequence[Place],
        *,
        invalid: bool = False,
        keys: Mapping[Place, int] | None = None,
    ) -> None:
        """A thread's stack, root first, so long after the round before; `keys` are defined anew."""
        self.data += bytes([STACK]) + number(pid) + number(0) + text(f"{thread:x}")
        for place, key in (keys or {}).items():
            self._define(place, key)
        for place in stack:
            if place not in self._frames:
                self._define(place, key=len(self._frames) + 70_000)
            self.data += bytes([FRAME_REF]) + number(self._frames[place])
        if invalid:
            self.data += bytes([INVALID])
        self.data += bytes([TIME]) + number(step_us)

    def end(self, duration_us: int = 1_000_000) -> None:
        """What austin writes when it ends in peace."""
        self.meta("duration", str(duration_us))

    def _define(self, place: Place, key: int) -> None:
        """What a key means from now on."""
        function, file, line = place
        names = self._string(file), self._string(function)
        self._frames = {other: its for other, its in self._frames.items() if its != key} | {place: key}
        self.data += bytes([FRAME]) + number(key) + b"".join(map(number, (*names, line, line, 1, 9)))

    def _string(self, value: str) -> int:
        if value not in self._strings:
            self._strings[value] = len(self._strings) + 9_000
            self.data += bytes([STRING]) + number(self._strings[value]) + text(value)
        return self._strings[value]


def number(value: int) -> bytes:
    """Six bits and a sign, then seven bits a byte."""
    found = [value & 0x3F | (0x80 if value >> 6 else 0)]
    value >>= 6
    while value:
        found.append(value & 0x7F | (0x80 if value >> 7 else 0))
        value >>= 7
    return bytes(found)


def text(value: str) -> bytes:
    """A string, which ends with a zero."""
    return value.encode() + b"\0"
