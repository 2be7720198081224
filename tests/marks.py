"""Tables in pages, whose last column is found: the files with the tests that are marked to prove a row."""

import re
from collections.abc import Iterable
from pathlib import Path

TESTS = Path(__file__).parent
_BEGIN, _END = "<!-- rows -->", "<!-- end -->"


def proofs(mark: str, rows: Iterable[str]) -> dict[str, list[str]]:
    """The files whose tests bear this mark with a row's name, by row."""
    found: dict[str, list[str]] = {row: [] for row in rows}
    marked = re.compile(rf"mark\.{mark}\(([^)]*)\)")
    for file in sorted(TESTS.rglob("test_*.py")):
        names = {name for names in marked.findall(file.read_text()) for name in re.findall(r"\w+", names)}
        for row in names & set(found):
            found[row].append(file.relative_to(TESTS).as_posix())
    return found


def tested_in(files: Iterable[str], instead: str) -> str:
    """A row's last column."""
    return "; ".join(filter(None, (", ".join(f"`{file}`" for file in files), instead)))


def with_rows(page: Path, lines: Iterable[str]) -> str:
    """The page's text with the lines of its table as they should be."""
    before, _, rest = page.read_text().partition(_BEGIN)
    return "\n".join([before + _BEGIN, *lines, _END + rest.partition(_END)[2]])
