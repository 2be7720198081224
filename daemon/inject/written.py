"""Plain data as YAML: in blocks, or as JSON within braces. Texts stay texts for every reader."""

import json
import re
from collections.abc import Mapping, Sequence

import yaml

# What no reader takes for a number, a boolean, a date or null; anything else is quoted.
_SURE = re.compile(r"[A-Za-z/_$][A-Za-z0-9/_.$(){}-]*(?: [A-Za-z0-9/_.$(){}-]+)*")
_NOT_IN_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


class _Dumper(yaml.SafeDumper):
    """Quotes what is not surely a text, and repeats what is the same."""

    def ignore_aliases(self, _data: object) -> bool:
        """Nobody is to read anchors."""
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    sure = _SURE.fullmatch(text) and text.lower() not in _WORDS
    style = None if sure else "|" if "\n" in text else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def document(data: Mapping[str, object]) -> str:
    """A document of its own, in blocks; texts of several lines too."""
    return _dumped(data)


def block(data: Mapping[str, object] | Sequence[object], column: int) -> str:
    """Lines that stand at this column. Texts of several lines are quoted, so that they end where they end."""
    quoted = _one_line(data)
    return "".join(f"{' ' * column}{line}\n" for line in _dumped(quoted).splitlines())


def inline(data: object) -> str:
    """On one line, within braces or behind a key."""
    text = json.dumps(data, ensure_ascii=False)
    return _NOT_IN_YAML.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


class _Quoted(str):
    """A text that is to be quoted, in one line."""


def _quoted(dumper: yaml.SafeDumper, text: _Quoted) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style='"')


_Dumper.add_representer(_Quoted, _quoted)


def _one_line(data: object) -> object:
    if isinstance(data, Mapping):
        return {_one_line(key): _one_line(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_one_line(one) for one in data]
    return _Quoted(data) if isinstance(data, str) and "\n" in data else data


def _dumped(data: object) -> str:
    text: str = yaml.dump(data, Dumper=_Dumper, sort_keys=False, width=10**6, allow_unicode=True)
    return text
