"""Fills the option tables of the documentation: `python -m daemon.config.tables [FOLDER]`."""

import importlib
import re
import sys
from pathlib import Path
from typing import Literal, get_origin

import msgspec

from daemon.config.fields import Field, Shape, fields, shape
from daemon.config.schema import plain
from model.secrets import Secret
from model.units import ByteSize, Percent, Seconds

_PLACE = re.compile(r"(<!-- options: ([\w.]+):(\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_WORDS = {
    bool: "true or false",
    int: "number",
    float: "number",
    str: "text",
    Path: "path",
    Seconds: "duration",
    ByteSize: "size",
    Percent: "share",
    Secret: "secret",
}


def fill(text: str) -> str:
    """The text with the table between each `<!-- options: module:Class -->` and `<!-- end -->`."""
    return _PLACE.sub(lambda place: f"{place[1]}{table(_class(place[2], place[3]))}{place[4]}", text)


def table(kind: type[msgspec.Struct]) -> str:
    """The options of a struct as a Markdown table."""
    rows = ["| option | type | default | what it does |", "| --- | --- | --- | --- |"]
    rows += [
        f"| `{one.name}` | {_type(one.shape)} | {_default(one)} | {_cell(one.description)} |"
        for one in fields(kind)
    ]
    return "\n".join(rows) + "\n"


def _class(module: str, name: str) -> type[msgspec.Struct]:
    found = getattr(importlib.import_module(module), name)
    if not (isinstance(found, type) and issubclass(found, msgspec.Struct)):
        raise TypeError(f"{module}:{name} has no options")
    return found


def _type(one: Shape) -> str:
    if get_origin(one.kind) is Literal:
        return " \\| ".join(f"`{choice}`" for choice in one.arguments)
    if one.family is not None:
        return f"list of {one.family.noun}s"
    if one.is_list:
        item = shape(one.arguments[0])
        several = "list of groups" if item.is_struct else f"list of {_type(item)}"
        return f"{_type(item)} or {several}" if one.note("or_one") else several
    if one.short:
        return f"{_type(_option(one, one.short).shape)} \\| group"
    if one.is_struct:
        return "group"
    return "mapping of texts" if one.is_map else _WORDS[one.kind]


def _option(one: Shape, name: str) -> Field:
    return next(field for field in fields(one.kind) if field.name == name)


def _default(field: Field) -> str:
    default = field.default
    if field.required:
        return "**needed**"
    if field.shape.short:
        return f"`{getattr(default, field.shape.short)}`"
    if isinstance(default, msgspec.Struct) or default is None or default in ((), {}, ""):
        return ""
    if field.shape.family is not None:
        return ", ".join(f"`{part.name}`" for part in default)
    if isinstance(default, tuple):
        return ", ".join(f"`{plain(item)}`" for item in default)
    return f"`{str(default).lower() if isinstance(default, bool) else plain(default)}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def main(folder: Path) -> None:
    """Fill the tables of every page in the folder."""
    for page in sorted(folder.glob("*.md")):
        before = page.read_text()
        if (after := fill(before)) != before:
            page.write_text(after)


if __name__ == "__main__":
    main(Path(*(sys.argv[1:] or ["docs"])))
