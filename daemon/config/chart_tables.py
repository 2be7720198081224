"""Fills the values tables of the Helm charts' pages: `python -m daemon.config.chart_tables [FOLDER]`."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

PLACE = re.compile(r"(<!-- values -->\n).*?(<!-- end -->)", re.DOTALL)
_LINE = re.compile(r"(?P<indent> *)(?P<key>[A-Za-z][A-Za-z0-9-]*):(?P<value> .*)?")


class Documented(msgspec.Struct, frozen=True):
    """One key of a values.yaml with its default, and the comment above it."""

    key: str
    default: str
    comment: str


def documented(text: str) -> Iterator[Documented]:
    """Every key that has a value; a group's comment stands before those of its keys."""
    above: list[str] = []
    groups: list[str] = []
    for line in text.splitlines():
        if line.lstrip().startswith("#"):
            above.append(line.lstrip().removeprefix("#").strip())
        elif found := _LINE.fullmatch(line):
            depth = len(found["indent"]) // 2
            groups = [*groups[:depth], found["key"]]
            if found["value"] is not None:
                yield Documented(".".join(groups), found["value"].strip(), " ".join(above))
            above = []
        else:
            above = []


def table(text: str) -> str:
    """The values as a Markdown table."""
    rows = ["| value | default | what it is |", "| --- | --- | --- |"]
    rows += [f"| `{one.key}` | `{one.default}` | {one.comment} |" for one in documented(text)]
    return "\n".join(rows) + "\n"


def fill(page: str, values: str) -> str:
    """The page with the table between its markers."""
    return PLACE.sub(lambda place: f"{place[1]}{table(values)}{place[2]}", page)


def main(charts: Path) -> None:
    """Fill the page of every chart in the folder."""
    for page in sorted(charts.glob("*/README.md")):
        page.write_text(fill(page.read_text(), (page.parent / "values.yaml").read_text()))


if __name__ == "__main__":
    main(Path(*(sys.argv[1:] or ["charts"])))
