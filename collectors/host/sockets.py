"""The states of the process's own TCP sockets, from its network namespace's tables by their inodes."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from collectors.host.files import NotReadError, Reading
from model.signals import Name

NAMES = (
    Name.TCP_ESTABLISHED, Name.TCP_CONNECTING, Name.TCP_CLOSE_WAIT, Name.TCP_UNACKNOWLEDGED,
    Name.TCP_RETRANSMITTED,
)  # fmt: skip
MOST_DESCRIPTORS = 4096
MOST_TABLE_BYTES = 2 << 20  # about 13,000 sockets
_STATES = {"01": Name.TCP_ESTABLISHED, "02": Name.TCP_CONNECTING, "08": Name.TCP_CLOSE_WAIT}
_SOURCE = "/proc/PID/net/tcp and tcp6, by the inodes of /proc/PID/fd"


def read(folder: str, into: Reading) -> None:
    """Count them; where the process has more descriptors or the tables are huge, that is the reason."""
    into.attempt(NAMES, _SOURCE, lambda: _read(folder, into))


def _read(folder: str, into: Reading) -> None:
    own = set(_inodes(f"{folder}/fd"))
    counts: Counter[str] = Counter(dict.fromkeys(NAMES, 0))
    if own:
        for table in ("tcp", "tcp6"):
            for fields in _rows(f"{folder}/net/{table}"):
                if fields[9] in own:
                    _count(fields, counts)
    for name in NAMES:
        into.put(name, counts[name], _SOURCE)


def _count(fields: list[str], counts: Counter[str]) -> None:
    """Of one row: its state, its queue to send, and how often it was sent again without an answer."""
    if (name := _STATES.get(fields[3])) is not None:
        counts[name] += 1
    if fields[3] != "0A" and int(fields[4].partition(":")[0], 16):  # a listener's queue is something else
        counts[Name.TCP_UNACKNOWLEDGED] += 1
    counts[Name.TCP_RETRANSMITTED] += int(fields[6], 16)


def _inodes(folder: str) -> Iterator[str]:
    """The inodes of its sockets."""
    with os.scandir(folder) as found:
        for place, entry in enumerate(found):
            if place >= MOST_DESCRIPTORS:
                raise NotReadError(f"the process has more than {MOST_DESCRIPTORS} descriptors")
            try:
                target = str(Path(entry.path).readlink())
            except FileNotFoundError:  # closed meanwhile
                continue
            if target.startswith("socket:["):
                yield target[8:-1]


def _rows(path: str) -> Iterator[list[str]]:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            told = file.read(MOST_TABLE_BYTES + 1)
    except FileNotFoundError:  # without IPv6 there is no table of it
        if path.endswith("6"):
            return
        raise
    if len(told) > MOST_TABLE_BYTES:
        raise NotReadError("the table of TCP sockets is too long to be read every second")
    for line in told.splitlines()[1:]:
        fields = line.split()
        if len(fields) >= 10:
            yield fields
