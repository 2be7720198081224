"""The file of host signals: a header line, then one line of raw readings for each time."""

from typing import Final

import msgspec

FORMAT: Final = 1
MOVES: Final = "cgroup.moves"  # a column: how often the process changed its group, whose counters are others
SUFFIX: Final = ".signals.jsonl"  # of the files' names


class Column(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one place of a row's values holds: base units, a counter's as it stands."""

    name: str  # of model.signals.Name, or a helper of one
    unit: str = ""  # of what is made of it: cores, bytes, bytes/s, 1/s, share, count
    source: str = ""  # where it is read here; empty: nowhere so far
    counter: bool = False  # it only grows: its rate is what tells


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What the rows from here on hold. Another one follows where sources or reasons change."""

    format: int = FORMAT
    columns: tuple[Column, ...]
    missing: dict[str, str] = {}  # by name: why it cannot be read


class ThreadRow(msgspec.Struct, frozen=True, array_like=True):
    """One thread; None where it could not be read, or was not asked for this time."""

    tid: int
    state: str
    wchan: str | None = None
    syscall: int | None = None  # -1: in none that blocks
    processor: int | None = None
    cpu_s: float | None = None  # user and system, since its start
    waited_s: float | None = None  # runnable without a CPU, since its start
    voluntary: int | None = None  # switches since its start
    involuntary: int | None = None


class Row(msgspec.Struct, frozen=True, array_like=True):
    """One reading: monotonic seconds, values by the header's columns, and threads (not always all)."""

    at_s: float
    values: list[float | None]
    threads: list[ThreadRow] = []
