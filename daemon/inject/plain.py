"""A document of YAML as nodes, which know where they stand, and as plain data, as Kubernetes reads it."""

import re

import yaml

from daemon.inject.errors import ManifestError

# The parser in C is ten times as fast, and takes tabs between tokens; the other takes JSON's surrogate pairs.
_FAST: type[yaml.SafeLoader] | type[yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_WHOLE = re.compile(r"[+-]?(?:0|[1-9][0-9]*)")
_MERGE = "<<"


def composed(text: str, origin: str) -> yaml.Node | None:
    """The node of one document; None where it is empty."""
    try:
        return _node(text, _FAST)
    except yaml.YAMLError:
        pass  # told by the other
    try:
        return _node(text, yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1} of it, " if mark else ""
        raise _unreadable(origin, f"{where}{error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise _unreadable(origin, str(error).partition("\n")[0]) from None


def _node(text: str, loader: type[yaml.SafeLoader] | type[yaml.CSafeLoader]) -> yaml.Node | None:
    node: yaml.Node | None = yaml.compose(text, Loader=loader)
    return node


def plain(node: yaml.Node, origin: str) -> object:
    """Its data. Texts that look like other things than null, booleans and whole numbers stay texts."""
    if isinstance(node, yaml.MappingNode):
        made: dict[str, object] = {}
        for key_node, value in node.value:
            key = str(key_node.value)
            if key in made:
                raise _unreadable(
                    origin, f"line {key_node.start_mark.line + 1} of it, {key!r} is given twice"
                )
            if key == _MERGE and not key_node.style:
                raise _unreadable(origin, "it has merge keys (<<)", "write them out first")
            made[key] = plain(value, origin)
        return made
    if isinstance(node, yaml.SequenceNode):
        return [plain(one, origin) for one in node.value]
    return _scalar(node) if isinstance(node, yaml.ScalarNode) else None


def _scalar(node: yaml.ScalarNode) -> object:
    text: str = node.value
    if node.style:  # quoted or a block
        return text
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    return int(text) if _WHOLE.fullmatch(text) else text


def _unreadable(origin: str, what: str, remedy: str = "") -> ManifestError:
    return ManifestError(f"{origin} cannot be read: {what}", remedy=remedy)
