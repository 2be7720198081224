"""What was measured, as data: by experiment, each with its machine and day; and the text of tables of it."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from benchmarks import gates
from benchmarks.figures import Row, amount
from benchmarks.gates import Gates, Judgement, Kind

HEADINGS = ("figure", "ours", "comparison", "ratio", "gate", "aim")


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """One experiment's figures."""

    machine: str
    rows: list[Row]


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """One figure as it stands in the file: with its ratio, and what became of its bounds."""

    figure: str
    unit: str
    ours: float
    other: float | None
    beside: str
    ratio: float | None
    note: str
    chance: float
    within: tuple[float, float] | None
    bounds: list[dict[str, str]]


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """One experiment in the file."""

    machine: str
    figures: list[Judged]


Results = dict[str, Taken]


def read(file: Path) -> Results:
    """What a file of results holds; nothing where there is none."""
    if not file.exists():
        return {}
    stored = msgspec.json.decode(file.read_bytes(), type=dict[str, Stored])
    return {
        name: Taken(machine=one.machine, rows=[_row(figure) for figure in one.figures])
        for name, one in stored.items()
    }


def _row(one: Judged) -> Row:
    return msgspec.convert(msgspec.structs.asdict(one), Row)


def write(file: Path, results: Results, bounds: Gates) -> None:
    """Replace the file."""
    stored = {name: _stored(name, taken, bounds) for name, taken in results.items()}
    file.write_bytes(msgspec.json.format(msgspec.json.encode(stored), indent=2) + b"\n")


def _stored(experiment: str, taken: Taken, bounds: Gates) -> Stored:
    figures = [_judged(row, judgements(experiment, row, bounds)) for row in taken.rows]
    return Stored(machine=taken.machine, figures=figures)


def _judged(row: Row, found: Sequence[Judgement]) -> Judged:
    return Judged(
        figure=row.figure,
        unit=row.unit,
        ours=row.ours,
        other=row.other,
        beside=row.beside,
        ratio=row.ratio(),
        note=row.note,
        chance=row.chance,
        within=row.within,
        bounds=[{"kind": one.kind, "bound": str(one.bound), "verdict": one.verdict} for one in found],
    )


def judgements(experiment: str, row: Row, bounds: Gates) -> list[Judgement]:
    """What becomes of every bound of a figure."""
    return list(gates.judge(row, bounds.get(experiment, {}).get(row.figure, {})))


def _cells(experiment: str, row: Row, bounds: Gates) -> tuple[str, ...]:
    """The row's texts, one for each heading."""
    found = judgements(experiment, row, bounds)
    ratio = row.ratio()
    return (
        row.figure,
        gates.figure_in(row),
        "-" if row.other is None else f"{amount(row.other, row.unit)} ({row.beside})",
        "-" if ratio is None else f"{ratio:.2f}",
        gates.shown(found, Kind.GATE),
        gates.shown(found, Kind.AIM),
    )


def _lines(results: Results, bounds: Gates) -> Iterator[tuple[str, ...]]:
    for experiment, taken in results.items():
        yield from (_cells(experiment, row, bounds) for row in taken.rows)


def as_text(results: Results, bounds: Gates) -> str:
    """The table in columns, and below it notes."""
    lines = [HEADINGS, *(tuple(cell.replace("**", "") for cell in line) for line in _lines(results, bounds))]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    lines.insert(1, tuple("-" * width for width in widths))
    table = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
    return "\n".join((*_machines(results), "", *table, "", *_notes(results)))


def as_markdown(results: Results, bounds: Gates) -> str:
    """The same for a page."""
    lines = [HEADINGS, ("---",) * len(HEADINGS), *_lines(results, bounds)]
    table = [f"| {' | '.join(line)} |" for line in lines]
    return "\n".join((*_machines(results), "", *table, "", *(f"- {note}" for note in _notes(results))))


def _machines(results: Results) -> Iterator[str]:
    """Where they were taken; by experiment, when not all in one place."""
    places: dict[str, list[str]] = {}
    for experiment, taken in results.items():
        places.setdefault(taken.machine, []).append(experiment)
    for place, names in places.items():
        yield place if len(places) == 1 else f"{', '.join(names)}: {place}."


def _notes(results: Results) -> Iterator[str]:
    for taken in results.values():
        yield from (f"{row.figure}: {row.note}" for row in taken.rows if row.note)


def missed(results: Results, bounds: Gates, kinds: Sequence[Kind]) -> list[str]:
    """Every bound of these kinds that a figure does not keep to, and those that no figure was told of."""
    found: list[str] = []
    for experiment, taken in results.items():
        for row in taken.rows:
            found += [
                f"{experiment}: {row.figure}: {gates.figure_in(row)}{_by(row)}, {one.kind} is {one.bound}"
                for one in judgements(experiment, row, bounds)
                if one.kind in kinds and one.verdict is gates.Verdict.BROKEN
            ]
        mine: Mapping[str, gates.Bounds] = {
            figure: bound
            for figure, bound in bounds.get(experiment, {}).items()
            if any(kind in bound for kind in kinds)
        }
        found += [f"{experiment}: {figure}: not told" for figure in gates.untaken(taken.rows, mine)]
    return found


def _by(row: Row) -> str:
    ratio = row.ratio()
    return "" if ratio is None else f" ({ratio:.2f} x {row.beside})"
