"""Where the parts of a document stand in its text."""

from collections.abc import Sequence

import yaml


class Layout:
    """Places in one text, by the nodes composed from it."""

    def __init__(self, text: str) -> None:
        self._text = text

    def end(self, node: yaml.Node) -> int:
        """Behind a node's last character. A block's own mark may lie behind the comments after it."""
        if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
            last = node.value[-1]
            return self.end(last[1] if isinstance(last, tuple) else last)
        return int(node.end_mark.index)

    def end_inside(self, node: yaml.CollectionNode) -> int:
        """Where one more item may stand: behind the last, or before the closing brace of none."""
        if not node.flow_style:
            return self._line_end(self.end(node))
        if not node.value:
            return int(node.end_mark.index) - 1
        last = node.value[-1]
        return self.end(last[1] if isinstance(last, tuple) else last)

    def column(self, node: yaml.CollectionNode) -> int:
        """Where the lines of a block's items begin; its own mark may be that of an anchor."""
        first = self._bounds(node, 0)[0]
        return first - (self._text.rfind("\n", 0, first) + 1)

    def ends_line(self, place: int) -> bool:
        """Whether a new line begins here."""
        return place == 0 or self._text[place - 1] == "\n"

    def item(self, node: yaml.CollectionNode, place: int, kept: Sequence[bool]) -> tuple[int, int]:
        """What to cut out so that one item is gone, with its comma or its lines; others may go as well."""
        first, last = self._bounds(node, place)
        stays = next((later for later in range(place + 1, len(kept)) if kept[later]), None)
        following = None if stays is None else self._bounds(node, stays)[0]
        if node.flow_style:
            if any(kept[:place]):
                return self._bounds(node, place - 1)[1], last
            return first, last if following is None else following
        start = self._text.rfind("\n", 0, first) + 1
        if self._text[start:first].strip():  # the first key of an item: behind its dash
            return first, self._line_end(last) if following is None else following
        end = self._line_end(last)
        return (start, end) if self.ends_line(end) else (max(start - 1, 0), end)

    def _bounds(self, node: yaml.CollectionNode, place: int) -> tuple[int, int]:
        item = node.value[place]
        if isinstance(item, tuple):
            return int(item[0].start_mark.index), self.end(item[1])
        start = int(item.start_mark.index)
        if not node.flow_style:
            start = self._text.rfind("-", 0, start)
        return start, self.end(item)

    def _line_end(self, place: int) -> int:
        """Where the next line begins; the text's end where there is none."""
        if self.ends_line(place):
            return place
        found = self._text.find("\n", place)
        return len(self._text) if found < 0 else found + 1
