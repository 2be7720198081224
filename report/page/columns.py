"""Columns of whole numbers as short text: variable-length integers in base64."""

import base64
from collections.abc import Iterable


def column(numbers: Iterable[int]) -> str:
    """Whole numbers of any sign: seven bits a byte, the lowest first, and zigzag for the sign."""
    out = bytearray()
    for number in numbers:
        rest = number << 1 if number >= 0 else ((-number) << 1) - 1
        while rest > 127:
            out.append(rest & 127 | 128)
            rest >>= 7
        out.append(rest)
    return base64.b64encode(out).decode()


def values(data: str) -> list[int]:
    """What `column` wrote."""
    found, number, shift = [], 0, 0
    for byte in base64.b64decode(data):
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            found.append(-(number >> 1) - 1 if number & 1 else number >> 1)
            number = shift = 0
    return found
