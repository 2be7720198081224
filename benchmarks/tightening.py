"""Bounds may only be tightened: `python -m benchmarks.tightening` records those of today in tightest.yaml."""

from collections.abc import Iterable, Iterator
from typing import Final

import yaml

from benchmarks import gates
from benchmarks.gates import Bound

RECORD: Final = gates.FILE.with_name("tightest.yaml")
_HEAD: Final = (
    "# The tightest that bounds of gates.yaml have been: `make docs` writes it, for clones without history.\n"
)


def loosened(now: str, before: Iterable[str]) -> list[str]:
    """What the file lets pass that one of its earlier texts did not."""
    present, gone = gates.load(now), gates.retired(now)
    found: list[str] = []
    for text in before:
        for experiment, figures in gates.load(text).items():
            for figure, bounds in figures.items():
                name = f"{experiment}: {figure}"
                if name not in gone:
                    found += _looser(name, present.get(experiment, {}).get(figure, {}), bounds)
    return list(dict.fromkeys(found))


def _looser(name: str, now: gates.Bounds, before: gates.Bounds) -> Iterator[str]:
    for kind, several in before.items():
        for old in several:
            if all(new.looser(old) for new in now.get(kind, ())):
                new_texts = " and ".join(map(str, now.get(kind, ()))) or "no bound"
                yield f"{name}: {kind} was {str(old)!r}, now {new_texts!r}"


def tightened(now: str, before: str) -> str:
    """The tighter of two texts, bound by bound, with what was retired left out."""
    gone = gates.retired(now)
    both: dict[str, dict[str, dict[str, list[str]]]] = {}
    for text in (now, before):
        for experiment, figures in gates.load(text).items():
            for figure, bounds in figures.items():
                if f"{experiment}: {figure}" not in gone:
                    _add(both.setdefault(experiment, {}).setdefault(figure, {}), bounds)
    return _HEAD + yaml.safe_dump(both, sort_keys=False, width=200)


def _add(kept: dict[str, list[str]], bounds: gates.Bounds) -> None:
    for kind, several in bounds.items():
        mine = [gates.bound(kind, text) for text in kept.get(kind, [])]
        kept[str(kind)] = [bound.text() for bound in _tighter((*mine, *several))]


def _tighter(bounds: Iterable[Bound]) -> Iterator[Bound]:
    """One bound of each unit and direction, the tightest."""
    found: dict[tuple[str, bool], Bound] = {}
    for one in bounds:
        kept = found.setdefault((one.unit, one.least), one)
        if kept.looser(one):
            found[one.unit, one.least] = one
    return iter(found.values())


def main() -> None:
    """Record what is tighter now than it ever was; what is looser stays as it was, and a test says so."""
    before = RECORD.read_text() if RECORD.exists() else "{}"
    RECORD.write_text(tightened(gates.FILE.read_text(), before))


if __name__ == "__main__":
    main()
