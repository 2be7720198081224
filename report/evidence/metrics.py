"""What moved between two expositions of a target's metrics: Prometheus' text, or OpenMetrics."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from report.evidence.fetched import Fetched, words

if TYPE_CHECKING:
    from prometheus_client.samples import Sample

MOST_CHANGES = 200
MOST_BYTES = 32 << 20  # of one exposition, buckets left out
_KIND = "http"
_DAMAGE = (OSError, ValueError, LookupError, TypeError, AttributeError)  # the parser is a lax one
_EXEMPLAR = re.compile(r" # \{[^}]*\} \S+(?: \S+)?$")
_PARTS = ("_count", "_sum", "_bucket", "_created", "_gcount", "_gsum")
_COUNTING = ("histogram", "summary", "gaugehistogram")

Name = tuple[str, tuple[tuple[str, str], ...]]  # a series: its name and labels


class Value(NamedTuple):
    """What a series says; of a histogram the observations, with their sum."""

    kind: str  # counter, gauge or histogram
    value: float
    sum: float = 0.0


class Change(NamedTuple):
    """A series that moved."""

    name: Name
    before: Value
    after: Value

    @property
    def by(self) -> float:
        """By how much it moved."""
        return self.after.value - self.before.value


class Difference(NamedTuple):
    """Two expositions of one address; `changes` are those that moved most, relative to what they were."""

    url: str
    from_us: int
    until_us: int
    changes: tuple[Change, ...]
    moved: int  # series, those left out of `changes` too
    still: int
    appeared: int
    vanished: int


def differences(files: Iterable[Fetched], faults: list[str]) -> Iterator[Difference]:
    """The first and the last of each address whose answers are expositions."""
    by_url: dict[tuple[str, str, str], list[Fetched]] = {}
    for each in files:
        if each.kind == _KIND and each.fetch.whole and each.fetch.status < 300:
            by_url.setdefault((each.collector, each.fetch.what, each.fetch.url), []).append(each)
    for answers in by_url.values():
        if len(answers) > 1:
            yield from _difference(answers[0], answers[-1], faults)


def _difference(first: Fetched, last: Fetched, faults: list[str]) -> Iterator[Difference]:
    found = []
    for each in (first, last):
        try:
            found.append(read(each.file))
        except _DAMAGE as error:
            if each.fetch.url.partition("?")[0].endswith("/metrics"):  # others need not be expositions
                faults.append(words(each.fetch.path, error))
            return
    before, after = found
    if before and after:
        yield _compare(first, last, before, after)


def _compare(
    first: Fetched, last: Fetched, before: Mapping[Name, Value], after: Mapping[Name, Value]
) -> Difference:
    both = before.keys() & after.keys()
    changes = [Change(name, before[name], after[name]) for name in both if _moved(before[name], after[name])]
    changes.sort(key=lambda change: (*_amount(change), change.name))
    return Difference(
        url=first.fetch.url,
        from_us=first.at_us,
        until_us=last.at_us,
        changes=tuple(changes[:MOST_CHANGES]),
        moved=len(changes),
        still=len(both) - len(changes),
        appeared=len(after) - len(both),
        vanished=len(before) - len(both),
    )


def _moved(before: Value, after: Value) -> bool:
    both_unknown = math.isnan(before.value) and math.isnan(after.value)
    return before.value != after.value and not both_unknown


def _amount(change: Change) -> tuple[float, float]:
    """How much a series moved, relative to what it was; the most is the least."""
    share = abs(change.by) / (max(abs(change.before.value), abs(change.after.value)) or 1)
    return (-share, -abs(change.by)) if math.isfinite(share) else (-1.0, 0.0)


def read(file: Path) -> dict[Name, Value]:
    """All series of an exposition, without buckets and quantiles; raises OSError or ValueError."""
    from prometheus_client.parser import text_fd_to_metric_families

    found: dict[Name, Value] = {}
    with file.open(encoding="utf-8", errors="replace") as lines:
        for family in text_fd_to_metric_families(StringIO("".join(_bounded(lines)))):
            for sample in family.samples:
                _take(found, family.type, family.name, sample)
    return found


def _take(found: dict[Name, Value], kind: str, family: str, sample: "Sample") -> None:
    name, value = sample.name, float(sample.value)
    labels = tuple(sorted(sample.labels.items()))
    if kind in _COUNTING:
        part = next((part for part in _PARTS if name == family + part), "")
        known = found.get((family, labels), Value("histogram", 0.0))
        if part.endswith("count"):
            found[family, labels] = known._replace(value=value)
        elif part.endswith("sum"):
            found[family, labels] = known._replace(sum=value)
    elif not name.endswith("_created"):
        counts = kind == "counter" or name.endswith("_total")
        found[name, labels] = Value("counter" if counts else "gauge", value)


def _bounded(lines: Iterable[str]) -> Iterator[str]:
    """Lines without buckets and exemplars; raises ValueError when there are too many."""
    size = 0
    for line in lines:
        if line.startswith("#") or "_bucket{" not in line:
            size += len(line)
            if size > MOST_BYTES:
                raise ValueError(f"it is larger than {MOST_BYTES >> 20} MiB")
            yield line if line.startswith("#") else _EXEMPLAR.sub("", line.rstrip()) + "\n"
