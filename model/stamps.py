"""When a line of a log was written, as the line itself says."""

import calendar
import re
from contextlib import suppress
from datetime import UTC, datetime

import msgspec

_HEAD_BYTES = 400  # a stamp stands near the beginning; what a message quotes later is not the line's
_MONTHS = {name.encode(): number for number, name in enumerate(calendar.month_abbr) if name}
_LEAP_SECOND = 60
_EARLIEST_S, _LATEST_S = 946684800.0, 7258118400.0  # 2000 and 2200: other numbers are no times
_FIELDS = ("time", "ts", "timestamp", "@timestamp", "asctime")

_CLOCK = rb"(?P<h>\d\d):(?P<mi>\d\d):(?P<s>\d\d)(?:[.,](?P<f>\d{1,9}))?"
_ISO = re.compile(
    rb"(?<!\d)(?P<y>\d{4})([-/])(?P<mo>\d\d)\2(?P<d>\d\d)[T ]" + _CLOCK + rb" ?(?P<z>Z|UTC|[+-]\d\d:?\d\d)?"
)
_KLOG = re.compile(rb"(?<![^\s\]])[IWEF](?P<mo>\d\d)(?P<d>\d\d) " + _CLOCK + rb"\s")
_SYSLOG = re.compile(rb"(?:<\d{1,3}>)?(?P<m>[A-Z][a-z]{2}) (?P<d>[ \d]\d) " + _CLOCK)
_EPOCH = re.compile(rb"(?P<n>\d{10}(?:\.\d{1,9})?|\d{13}|\d{16}|\d{19})(?=[\s\],:]|$)")


class Stamp(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A time in seconds, and what is not known of it."""

    at_s: float
    year: bool = True  # without, it is the one that fits the lines around
    zone: bool = True  # without, it is what the writer's clock showed


class Stamps:
    """Reads the stamps of one log; lines without a year are taken to be near each other."""

    def __init__(self, written_s: float) -> None:
        """`written_s` is when the log was last written (Unix time): it tells the year where no line does."""
        self.kind: Stamp | None = None  # the first one, for how times are written
        self._near_s = written_s

    def read(self, line: bytes) -> float | None:
        """The line's time; None where it has none."""
        try:
            found = self._find(line[:_HEAD_BYTES].lstrip(b" \t[\0"), line)
        except ValueError:  # the 30th of February
            return None
        if found is None:
            return None
        self.kind = self.kind or found
        return found.at_s

    def show(self, time_s: float) -> str:
        """A time as the log would write it."""
        text = datetime.fromtimestamp(round(time_s, 3), UTC).isoformat(sep=" ", timespec="milliseconds")
        text = text.removesuffix("+00:00")
        if self.kind is None or self.kind.zone:
            return f"{text}Z"
        return text if self.kind.year else text[5:]

    def _find(self, head: bytes, line: bytes) -> Stamp | None:
        if match := _KLOG.match(head):
            return self._yearless(match, int(match["mo"]))
        if match := _EPOCH.match(head):
            return _of_number(float(match["n"]))
        if (match := _SYSLOG.match(head)) and match["m"] in _MONTHS:
            return self._yearless(match, _MONTHS[match["m"]])
        if head.startswith(b"{") and (found := _of_json(line)):
            return found
        if match := _ISO.search(head):
            return _of_iso(match)
        if match := _KLOG.search(head):
            return self._yearless(match, int(match["mo"]))
        return None

    def _yearless(self, match: re.Match[bytes], month: int) -> Stamp:
        """In the year that brings it nearest to the lines around."""
        year = datetime.fromtimestamp(self._near_s, UTC).year
        found: list[float] = []
        for one in (year - 1, year, year + 1):
            with suppress(ValueError):  # the 29th of February
                found.append(_seconds(match, one, month))
        nearest_s = min(found, key=lambda at_s: abs(at_s - self._near_s))
        self._near_s = nearest_s
        return Stamp(at_s=nearest_s, year=False, zone=False)


def _of_iso(match: re.Match[bytes]) -> Stamp:
    at_s, zone = _seconds(match, int(match["y"]), int(match["mo"])), match["z"]
    if zone and zone[:1] in b"+-":
        away_s = int(zone[1:3]) * 3600 + int(zone[-2:]) * 60
        at_s += away_s if zone[:1] == b"-" else -away_s
    return Stamp(at_s=at_s, zone=zone is not None)


def _of_json(line: bytes) -> Stamp | None:
    try:
        fields = msgspec.json.decode(line, type=dict)
    except msgspec.DecodeError:
        return None
    values = (fields[name] for name in _FIELDS if name in fields)
    for value in values:
        if isinstance(value, str):
            text = value.encode()
            match = _ISO.match(text)
            found = _of_iso(match) if match else _of_number(_number(text))
        else:
            found = _of_number(value if isinstance(value, int | float) else 0)
        if found is not None:
            return found
    return None


def _number(text: bytes) -> float:
    match = _EPOCH.fullmatch(text)
    return float(match["n"]) if match else 0.0


def _of_number(number: float) -> Stamp | None:
    """Seconds since 1970, or thousandths, millionths, billionths."""
    for unit in (1.0, 1e3, 1e6, 1e9):
        if _EARLIEST_S <= number / unit <= _LATEST_S:
            return Stamp(at_s=number / unit)
    return None


def _seconds(match: re.Match[bytes], year: int, month: int) -> float:
    """Seconds since 1970; raises ValueError for a time that there is not. A minute may have 61 seconds."""
    fraction, seconds = match["f"], int(match["s"])
    if seconds > _LEAP_SECOND:
        raise ValueError(seconds)
    minute = datetime(year, month, int(match["d"]), int(match["h"]), int(match["mi"]), tzinfo=UTC)
    whole = calendar.timegm(minute.timetuple()) + seconds
    return whole + (int(fraction) / 10 ** len(fraction) if fraction else 0.0)
