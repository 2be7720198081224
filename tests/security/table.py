"""The page on security: each threat with the files that prove its defence, found by their marks."""

from pathlib import Path

from tests import marks
from tests.security.rows import ROWS

PAGE = Path(__file__).parents[2] / "docs" / "security.md"


def proofs() -> dict[str, list[str]]:
    """The files whose tests are marked to prove a row, by row."""
    return marks.proofs("threat", ROWS)


def page() -> str:
    """The page with its table as it should be."""
    lines = ["| row | threat | defence | passes when | tested in |", "| --- | --- | --- | --- | --- |"]
    for name, files in proofs().items():
        row = ROWS[name]
        where = marks.tested_in(files, row.instead)
        lines.append(f"| `{name}` | {row.what} | {row.defence} | {row.passes} | {where} |")
    return marks.with_rows(PAGE, lines)


if __name__ == "__main__":
    PAGE.write_text(page())
