"""What is written at the lines where threads stood: names of calls, and locks held around them; nothing else.

Stacks of Python functions do not show calls into C: `gc.collect()`, a compiled pattern's `match`,
`lock.acquire()`. The line says it. It is read from the target's own files, while the target is still there,
at the first drawing; only names are kept, in the document `code.json`, from which later drawings take them.
"""

import keyword
import os
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from model.capture import Capture, ProcessIdentity
from model.samples import NO_STACK, SampleTable
from report.evidence.looks import Look
from report.evidence.sources import texts

FILE: Final = "code.json"
MOST_LINES: Final = 600
MOST_FILES: Final = 80
MOST_CALLS: Final = 8  # of one line
MOST_AROUND: Final = 2000  # lines before it that are looked at
_WIDEST: Final = 1000  # characters of a line
_LONGEST: Final = 120  # characters of a name

# A line may be anything: none of these takes longer than its length squared.
_CALL: Final = re.compile(r"(?<![\w.])([\w.]*+)\s*+\(")
_WITH: Final = re.compile(r"\s*+(?:async\s++)?with\s++([^:()]++):")
_NEW_LINE: Final = re.compile(r"\r\n|\r|\n")  # as Python counts; a form feed begins none
_AS: Final = re.compile(r"\sas\s.*")
_KEYWORDS: Final = frozenset((*keyword.kwlist, "match", "case"))
_BEGINS: Final = re.compile(r"\s*(?:async\s+def|def|class|@)")
_STRINGS: Final = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|#.*")

Place = tuple[str, int]  # file, line


class Line(msgspec.Struct, frozen=True):
    """One line of the target's code."""

    file: str
    line: int
    calls: tuple[str, ...] = ()  # what it calls, as written: `gc.collect`
    takes: tuple[str, ...] = ()  # what its `with` enters, as written
    held: tuple[str, ...] = ()  # what the `with` blocks around it entered


Code = Mapping[Place, Line]
NO_CODE: Final[Code] = {}


def code(directory: Path, capture: Capture, table: SampleTable, looks: Sequence[Look]) -> Code:
    """The lines that count; of an earlier drawing where the target is not there any more."""
    found = {(line.file, line.line): line for line in _kept(directory)}
    if capture.process is not None and _is_there(capture.process):
        found.update(_read(capture.process, list(_wanted(table, looks))[:MOST_LINES]))
    return found


def encode(lines: Code) -> bytes:
    """The document."""
    return msgspec.json.format(msgspec.json.encode(sorted(lines.values(), key=lambda e: (e.file, e.line))))


def parse(text: Sequence[str], file: str, number: int) -> Line | None:
    """A line by its number, from 1; None when the file has no such line."""
    if not 0 < number <= len(text):
        return None
    line = text[number - 1]
    plain = _STRINGS.sub("''", line[:_WIDEST])
    calls: list[str] = []
    if not _BEGINS.match(plain):
        calls = [name for name in _CALL.findall(plain) if _is_name(name)]
    return Line(file, number, tuple(calls[:MOST_CALLS]), tuple(_entered(plain)), tuple(_around(text, number)))


def _is_name(called: str) -> bool:
    known = called not in _KEYWORDS and len(called) <= _LONGEST
    return known and called.rpartition(".")[2].isidentifier()


def _entered(line: str) -> list[str]:
    found = _WITH.match(line[:_WIDEST])
    names = found.group(1).split(",") if found else ()
    return [_AS.sub("", name).strip()[:_LONGEST] for name in names]


def _around(text: Sequence[str], number: int) -> Iterator[str]:
    """What the `with` blocks around a line entered, up to its function's head."""
    depth = _depth(text[number - 1])
    for line in reversed(text[max(0, number - 1 - MOST_AROUND) : number - 1]):
        if not line.strip() or _depth(line) >= depth:
            continue
        depth = _depth(line)
        if _BEGINS.match(line):
            return
        yield from _entered(line)


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _kept(directory: Path) -> tuple[Line, ...]:
    try:
        return msgspec.json.decode((directory / FILE).read_bytes(), type=tuple[Line, ...])
    except (OSError, msgspec.DecodeError):
        return ()  # nothing was drawn before, or what was is damaged: it is made again


def _is_there(process: ProcessIdentity) -> bool:
    try:
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return False
    return int(fields[19]) == process.start_ticks


def _wanted(table: SampleTable, looks: Iterable[Look]) -> Iterator[Place]:
    """Innermost lines by how long threads stood there, then all lines of the first and last look."""
    times: Counter[int] = Counter()
    for run in table.runs():
        if run.stack != NO_STACK:
            times[table.tops[run.stack]] += run.end_us - run.start_us
    for top, _ in times.most_common(MOST_LINES // 2):
        yield table.frames[top].file, table.frames[top].line
    every = list(looks)
    for look in (*every[:1], *every[-1:]):
        for seen in look.sightings:
            yield from ((frame.file, frame.line) for frame in seen.frames)


def _read(process: ProcessIdentity, places: Sequence[Place]) -> Iterator[tuple[Place, Line]]:
    by_file: dict[str, set[int]] = defaultdict(set)
    for file, number in places:
        by_file[file].add(number)
    files = list(by_file)[:MOST_FILES]
    found = texts(process, files, _began(process) + 1, partial(_is_there, process))
    for file, text in found.items():
        lines = _NEW_LINE.split(text.decode(errors="replace"))
        for number in by_file[file]:
            if line := parse(lines, file, number):
                yield (file, number), line


def _began(process: ProcessIdentity) -> float:
    """When the process began, in Unix time."""
    since_boot_s = process.start_ticks / os.sysconf("SC_CLK_TCK")
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + since_boot_s
