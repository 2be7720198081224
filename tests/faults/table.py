"""The page of faults: each row with the files that prove it, found by their marks."""

from pathlib import Path

from tests import marks
from tests.faults.rows import ROWS

README = Path(__file__).with_name("README.md")


def proofs() -> dict[str, list[str]]:
    """The files whose tests are marked to prove a row, by row."""
    return marks.proofs("fault", ROWS)


def page() -> str:
    """The README with its table as it should be."""
    lines = ["| row | fault | injected by | passes when | tested in |", "| --- | --- | --- | --- | --- |"]
    for name, files in proofs().items():
        row = ROWS[name]
        where = marks.tested_in(files, row.instead)
        lines.append(f"| {name} | {row.what} | {row.injected} | {row.passes} | {where} |")
    return marks.with_rows(README, lines)


if __name__ == "__main__":
    README.write_text(page())
