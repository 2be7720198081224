"""A stream of YAML documents as text, cut where YAML says that one begins: at a line of `---`."""

import itertools
import re
from typing import NamedTuple

_BEGINS = re.compile(r"^---(?=\s|\Z)", re.MULTILINE)
_KIND = r"""["']?kind["']?\s*:\s*["']?([A-Za-z]+)"""
_FIRST = re.compile(r"^(?P<indent> *)(?P<start>[^\s#])", re.MULTILINE)
_SOURCE = re.compile(r"^# Source: (.+?)\s*$", re.MULTILINE)


class Document(NamedTuple):
    """One document: its text, from its `---` on, and the number of the line where it begins."""

    text: str
    line: int

    @property
    def kinds(self) -> frozenset[str]:
        """Its kind, and perhaps others: cheap, so that long documents of no interest are not parsed."""
        body = self.text[3:] if self.text.startswith("---") else self.text
        first = _FIRST.search(body)
        if first is None:
            return frozenset()
        in_block = first["start"] not in "{[" and (first.start() > 0 or body is self.text)
        before = f"^{first['indent']}" if in_block else r"\b"
        return frozenset(re.findall(before + _KIND, body, re.MULTILINE))

    @property
    def origin(self) -> str:
        """What to call it before somebody who looks for it."""
        source = _SOURCE.search(self.text)
        return f"the document at line {self.line}" + (f" ({source[1]})" if source else "")


def documents(text: str) -> list[Document]:
    """The documents; joined again they are the text."""
    starts = [match.start() for match in _BEGINS.finditer(text)]
    cuts = [*([] if starts[:1] == [0] else [0]), *starts, len(text)]
    found, line = [], 1
    for start, end in itertools.pairwise(cuts):
        found.append(Document(text[start:end], line))
        line += text.count("\n", start, end)
    return found


def joined(texts: list[str]) -> str:
    """The stream of these texts; each but the first begins with its `---`, on a line of its own."""
    made = ""
    for text in texts:
        if made and text and not made.endswith("\n"):
            made += "\n"
        made += text
    return made
