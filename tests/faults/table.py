"""The page of faults: each row with the files that prove it, found by their marks."""

import re
from pathlib import Path

from tests.faults.rows import ROWS

README = Path(__file__).with_name("README.md")
TESTS = Path(__file__).parents[1]
_BEGIN, _END = "<!-- rows -->", "<!-- end -->"
_MARK = re.compile(r"mark\.fault\(([^)]*)\)")


def proofs() -> dict[str, list[str]]:
    """The files whose tests are marked to prove a row, by row."""
    found: dict[str, list[str]] = {row: [] for row in ROWS}
    for file in sorted(TESTS.rglob("test_*.py")):
        rows = {row for mark in _MARK.findall(file.read_text()) for row in re.findall(r"\w+", mark)}
        for row in rows & set(ROWS):
            found[row].append(file.relative_to(TESTS).as_posix())
    return found


def page() -> str:
    """The README with its table as it should be."""
    lines = ["| row | fault | injected by | passes when | tested in |", "| --- | --- | --- | --- | --- |"]
    for name, files in proofs().items():
        row, tested = ROWS[name], ", ".join(f"`{file}`" for file in files)
        where = f"{tested}; {row.instead}" if row.instead else tested
        lines.append(f"| {name} | {row.what} | {row.injected} | {row.passes} | {where} |")
    before, _, rest = README.read_text().partition(_BEGIN)
    return "\n".join([before + _BEGIN, *lines, _END + rest.partition(_END)[2]])


if __name__ == "__main__":
    README.write_text(page())
