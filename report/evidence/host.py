"""The file of host signals, read into signals: rates from counters, sums over threads."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from model.capture import Capture
from model.host_rows import MOVES, SUFFIX, Header, Row, ThreadRow
from model.signals import SIGNALS_KIND, Name, Signal, Signals, ThreadReading
from report.evidence.fetched import words

MOST_LINES = 100_000
MOST_APART_S = 20.0  # two readings of a counter, or of a thread, that make a rate
PERIODS = "cgroup.periods"
OF_GROUPS = ("cgroup.", "pressure.")
_HEADER, _ROW = msgspec.json.Decoder(Header), msgspec.json.Decoder(Row)


def signals(directory: Path, capture: Capture, faults: list[str]) -> Signals:
    """All signals of a report; a file that is damaged is told of, and read as far as it is whole."""
    made = _Made()
    for artifact in capture.evidence:
        if artifact.kind != SIGNALS_KIND or not artifact.path.endswith(SUFFIX):
            continue
        try:
            for line in _lines(directory / artifact.path):
                made.take(line)
        except (OSError, ValueError, msgspec.DecodeError) as error:
            faults.append(words(artifact.path, error))
    return made.signals()


def _lines(file: Path) -> Iterator[bytes]:
    """The whole lines: the last may have been cut off, where the daemon was killed or the file full."""
    with file.open("rb") as opened:
        for number, line in enumerate(opened):
            if number >= MOST_LINES:
                return
            if line.endswith(b"\n"):
                yield line


class _Made:
    """What comes together, line by line."""

    def __init__(self) -> None:
        self._header = Header(columns=())
        self._moves: float | None = None
        self._series: dict[str, Signal] = {}
        self._threads: dict[int, list[ThreadReading]] = {}
        self._counters: dict[str, tuple[float, float]] = {}  # by column: when it was read, and what it said
        self._seen: dict[int, tuple[float, ThreadRow]] = {}

    def take(self, line: bytes) -> None:
        """One line; raises msgspec.DecodeError."""
        if line.startswith(b"{"):
            self._header = _HEADER.decode(line)
        else:
            self._row(_ROW.decode(line))

    def signals(self) -> Signals:
        """All of it."""
        missing = {name: why for name, why in self._header.missing.items() if name not in self._series}
        return Signals(
            series=self._series,
            threads={tid: tuple(readings) for tid, readings in self._threads.items()},
            missing=missing,
        )

    def _row(self, row: Row) -> None:
        rates: dict[str, float] = {}  # of this row; periods among them
        grown: dict[str, float] = {}
        self._moved(row)
        for column, value in zip(self._header.columns, row.values, strict=False):
            if value is None or column.name == MOVES:
                continue
            if not column.counter:
                self._add(column.name, row.at_s, value)
                continue
            before = self._counters.get(column.name)
            self._counters[column.name] = (row.at_s, value)
            if before is not None and value >= before[1] and 0 < row.at_s - before[0] <= MOST_APART_S:
                grown[column.name] = value - before[1]
                rates[column.name] = grown[column.name] / (row.at_s - before[0])
        self._rates(row.at_s, rates, grown)
        self._of_threads(row)

    def _moved(self, row: Row) -> None:
        """Where the process changed its control group, that one's counters begin anew."""
        names = [column.name for column in self._header.columns]
        moves = row.values[names.index(MOVES)] if MOVES in names else None
        if moves != self._moves:
            kept = {name: last for name, last in self._counters.items() if not name.startswith(OF_GROUPS)}
            self._counters = kept
        self._moves = moves

    def _rates(self, at_s: float, rates: dict[str, float], grown: dict[str, float]) -> None:
        for name, rate in rates.items():
            if name == Name.CGROUP_THROTTLED_PERIODS:
                periods = grown.get(PERIODS)
                if periods is not None:
                    self._add(name, at_s, min(1.0, grown[name] / periods) if periods else 0.0)
            elif name.startswith("pressure."):
                self._add(name, at_s, min(1.0, rate))
            elif name != PERIODS:
                self._add(name, at_s, rate)
        own = (Name.CPU_USER, Name.CPU_SYSTEM)
        if Name.HOST_BUSY in rates and all(name in rates for name in own):
            self._add(Name.HOST_OTHERS, at_s, max(0.0, rates[Name.HOST_BUSY] - sum(rates[o] for o in own)))

    def _of_threads(self, row: Row) -> None:
        sums: dict[Name, float] = {}
        for thread in row.threads:
            at_s, before = self._seen.get(thread.tid, (row.at_s, thread))
            lasted_s = row.at_s - at_s
            self._seen[thread.tid] = row.at_s, thread
            valid = 0 < lasted_s <= MOST_APART_S
            cpu = _rate(before.cpu_s, thread.cpu_s, lasted_s) if valid else None
            waited = _rate(before.waited_s, thread.waited_s, lasted_s) if valid else None
            self._threads.setdefault(thread.tid, []).append(
                ThreadReading(_us(row.at_s), thread.state, thread.wchan, thread.syscall, cpu, waited)
            )
            if not valid:
                continue
            found = {
                Name.RUN_QUEUE: waited,
                Name.VOLUNTARY_SWITCHES: _rate(before.voluntary, thread.voluntary, lasted_s),
                Name.INVOLUNTARY_SWITCHES: _rate(before.involuntary, thread.involuntary, lasted_s),
            }
            for name, rate in found.items():
                if rate is not None:
                    sums[name] = sums.get(name, 0.0) + rate
        for name, total in sums.items():
            self._add(name, row.at_s, total)

    def _add(self, name: str, at_s: float, value: float) -> None:
        series = self._series.get(name)
        if series is None:
            series = self._series[name] = Signal(name, *self._about(name))
        series.times_us.append(_us(at_s))
        series.values.append(value)

    def _about(self, name: str) -> tuple[str, str]:
        for column in self._header.columns:
            if column.name == name:
                return column.unit, column.source
        return "", ""


def _rate(before: float | None, now: float | None, lasted_s: float) -> float | None:
    if before is None or now is None or now < before:
        return None
    return (now - before) / lasted_s


def _us(seconds: float) -> int:
    return round(seconds * 1_000_000)
