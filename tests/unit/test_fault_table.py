"""The table of faults names tests that there are, and every row."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
TABLE = (TESTS / "faults" / "README.md").read_text()


def test_every_test_that_it_names_is_there() -> None:
    named = re.findall(r"`((?:e2e|faults|live|unit)/[\w/]+\.py)`", TABLE)
    assert len(named) > 30
    assert [name for name in named if not (TESTS / name).exists()] == []


def test_no_row_is_missing() -> None:
    rows = {row for row in re.findall(r"^\| (\w+) \|", TABLE, re.MULTILINE) if row != "row"}
    assert rows == {*(f"T{number}" for number in range(1, 13)), *(f"D{number}" for number in range(1, 9))}
