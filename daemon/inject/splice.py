"""Changes a document of YAML in its text: comments, order, quotes and blanks around the changes stay."""

import difflib
import json
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import yaml

from daemon.inject import written
from daemon.inject.errors import ManifestError
from daemon.inject.layout import Layout
from daemon.inject.plain import composed, plain


class Edit(NamedTuple):
    """Text to stand in the place of another, which is empty where text is put in."""

    start: int
    end: int
    text: str


def spliced(text: str, new: object, origin: str) -> str:
    """The document with changes in its text so that it reads as `new`; raises ManifestError.

    The result is read again: what cannot be done here, such as a change to what an alias repeats, is refused.
    """
    node = composed(text, origin)
    if node is None or plain(node, origin) == new:
        return text
    changed = _applied(text, list(_Splice(text, origin).value(node, new)))
    if not _reads_as(changed, new):
        remedy = "write aliases (*name) out, let its last line end with a line break, or give it as JSON"
        raise ManifestError(f"{origin} cannot be changed in its text", remedy=remedy)
    return changed


def _reads_as(text: str, data: object) -> bool:
    try:
        node = composed(text, "")
        return node is not None and plain(node, "") == data
    except ManifestError:
        return False


def _applied(text: str, edits: list[Edit]) -> str:
    """Edits at one place stand in the order in which they came: the inner ones first."""
    pieces, end = [], 0
    for edit in sorted(edits, key=lambda one: (one.start, one.end)):
        if edit.start >= end:
            pieces += [text[end : edit.start], edit.text]
            end = edit.end
        elif not edit.text:  # what is taken out may begin with the line break that the edit before took
            end = max(end, edit.end)
    return "".join([*pieces, text[end:]])


class _Splice:
    """The edits that lead from a node to new data."""

    def __init__(self, text: str, origin: str) -> None:
        self._layout = Layout(text)
        self._origin = origin

    def value(self, node: yaml.Node, new: object) -> Iterator[Edit]:
        """Edits for what differs."""
        if plain(node, self._origin) == new:
            return
        if isinstance(node, yaml.MappingNode) and isinstance(new, dict) and new:
            yield from self._mapping(node, new)
        elif isinstance(node, yaml.SequenceNode) and isinstance(new, list) and new:
            yield from self._sequence(node, new)
        else:
            start, end = node.start_mark.index, self._layout.end(node)
            yield Edit(start, end, (" " if start == end else "") + written.inline(new))

    def _mapping(self, node: yaml.MappingNode, new: dict[str, object]) -> Iterator[Edit]:
        keys = [str(key.value) for key, _ in node.value]
        for key, value in node.value:
            if key.value in new:
                yield from self.value(value, new[key.value])
        kept = [key in new for key in keys]
        yield from self._gone(node, kept)
        added = {key: value for key, value in new.items() if key not in keys}
        if added:
            inner = ", ".join(f"{written.inline(key)}: {written.inline(one)}" for key, one in added.items())
            yield self._put_in(node, added, inner)

    def _sequence(self, node: yaml.SequenceNode, new: list[object]) -> Iterator[Edit]:
        old = [plain(one, self._origin) for one in node.value]
        kept, added = [True] * len(old), []
        matched = difflib.SequenceMatcher(None, _keys(old), _keys(new), autojunk=False)
        changes = matched.get_opcodes()
        if any(change[4] - change[3] > change[2] - change[1] for change in changes[:-1]):
            yield from self._moved(node, new)
            return
        for tag, old_from, old_to, new_from, new_to in changes:
            if tag == "equal":
                continue
            paired = min(old_to - old_from, new_to - new_from)
            for step in range(paired):
                yield from self.value(node.value[old_from + step], new[new_from + step])
            for place in range(old_from + paired, old_to):
                kept[place] = False
            added += new[new_from + paired : new_to]
        yield from self._gone(node, kept)
        if added:
            yield self._put_in(node, added, ", ".join(map(written.inline, added)))

    def _moved(self, node: yaml.SequenceNode, new: list[object]) -> Iterator[Edit]:
        """Nothing can be put in between: what is in order stays, and all else goes and stands at the end."""
        kept, place = [], 0
        for one in node.value:
            stays = place < len(new) and _identity(plain(one, self._origin)) == _identity(new[place])
            if stays:
                yield from self.value(one, new[place])
                place += 1
            kept.append(stays)
        yield from self._gone(node, kept)
        if added := new[place:]:
            yield self._put_in(node, added, ", ".join(map(written.inline, added)))

    def _put_in(self, node: yaml.CollectionNode, added: dict[str, object] | list[object], inner: str) -> Edit:
        """At the end of a collection, whatever its style."""
        place = self._layout.end_inside(node)
        if node.flow_style:
            return Edit(place, place, f", {inner}" if node.value else inner)
        lines = written.block(added, self._layout.column(node))
        if self._layout.ends_line(place):
            return Edit(place, place, lines)
        return Edit(place, place, "\n" + lines.removesuffix("\n"))

    def _gone(self, node: yaml.CollectionNode, kept: Sequence[bool]) -> Iterator[Edit]:
        for place, stays in enumerate(kept):
            if not stays:
                yield Edit(*self._layout.item(node, place, kept), "")


def _keys(items: Sequence[object]) -> list[str]:
    return [json.dumps(one, sort_keys=True) for one in items]


def _identity(item: object) -> object:
    """What an item of a list goes by: its name, or that of an object of its kind, or else all of it."""
    if not isinstance(item, dict):
        return json.dumps(item, sort_keys=True)
    metadata = item.get("metadata")
    named = metadata if isinstance(metadata, dict) else item
    return item.get("kind"), named.get("name") or json.dumps(item, sort_keys=True)
