"""Fills the tables of causes in the documentation: `python -m report.verdict.table [FOLDER]`."""

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from model.verdict import Cause
from report.verdict import rules
from report.verdict.finding import Rule
from report.verdict.go import rules as go_rules

RUNTIMES: Final[Mapping[str, Mapping[str, Rule[Any]]]] = {"Python": rules.RULES, "Go": go_rules.RULES}

_PLACE = re.compile(r"(<!-- causes: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def fill(text: str) -> str:
    """The text with the table between each `<!-- causes: RUNTIME -->` and `<!-- end -->`."""
    return _PLACE.sub(lambda place: f"{place[1]}{table(RUNTIMES[place[2]])}{place[3]}", text)


def table(of: Mapping[str, Rule[Any]]) -> str:
    """What each rule of a runtime has to see, as a Markdown table in the order of causes."""
    order = list(Cause)
    rows = ["| cause | what it has to see |", "| --- | --- |"]
    for rule in sorted(of.values(), key=lambda each: order.index(each.cause)):
        rows.append(f"| `{rule.cause}` | {_cell(rule.needs)} |")
    return "\n".join(rows) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def main() -> None:
    """Fill all pages of a folder; `docs` if none is given."""
    for page in sorted(Path(sys.argv[1] if len(sys.argv) > 1 else "docs").glob("*.md")):
        before = page.read_text()
        if (after := fill(before)) != before:
            page.write_text(after)


if __name__ == "__main__":
    main()
