"""The parts of docs/costs.md that a run writes: the table, and beside it what others publish."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import yaml

from benchmarks import gates
from benchmarks.results import Results

PEERS: Final = Path(__file__).with_name("peers.yaml")
TABLE, BESIDE = ("<!-- figures -->", "<!-- end -->"), ("<!-- peers -->", "<!-- end of peers -->")


def has_place(page: Path) -> bool:
    """Whether there is a place for both tables."""
    text = page.read_text() if page.exists() else ""
    return all(end in text.partition(begin)[2] for begin, end in (TABLE, BESIDE))


def write(page: Path, table: str, beside: str) -> None:
    """Put both between their marks, and leave the rest as it is."""
    text = page.read_text()
    for (begin, end), part in ((TABLE, table), (BESIDE, beside)):
        before, _, rest = text.partition(begin)
        text = f"{before}{begin}\n{part}\n{end}{rest.partition(end)[2]}"
    page.write_text(text)


def peers(results: Results) -> str:
    """What others publish of their costs, each beside our figure, where that was taken."""
    figures = {row.figure: gates.figure_in(row) for taken in results.values() for row in taken.rows}
    return "\n".join(
        ("| what | ours, in the table above | published by others |", "| --- | --- | --- |", *_rows(figures))
    )


def _rows(figures: Mapping[str, str]) -> Iterator[str]:
    for one in yaml.safe_load(PEERS.read_text()):
        ours = "; ".join(f"{figures[name]} ({name})" for name in one["ours"] if name in figures)
        theirs = "<br>".join(f"{peer['who']}: {peer['says']} ({peer['source']})" for peer in one["peers"])
        yield f"| {one['what']} | {ours or 'not taken yet'} | {theirs} |"
