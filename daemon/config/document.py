"""Reads a YAML document into plain data: no aliases, no tags, no duplicate keys, no surprises."""

import re
from collections.abc import Iterator
from typing import Any, NoReturn

import yaml
from yaml import events

from daemon.config.faults import fault, join
from model.errors import ConfigError, Fault

MAX_BYTES = 256 * 1024
MAX_DEPTH = 32

_LOADER: type[yaml.SafeLoader] | type[yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_WHOLE = re.compile(r"[+-]?(?:0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,15}\.[0-9]{1,15}")


def read(data: bytes, origin: str) -> object:
    """The data of one document: mappings with text keys, lists and scalars as YAML 1.2 has them.

    So `yes`, `on`, `12:30` and `017` are texts. Raises ConfigError.
    """
    if len(data) > MAX_BYTES:
        raise ConfigError([fault(origin, "too long", f"at most {MAX_BYTES // 1024} KiB")])
    try:
        text = data.decode("utf-8-sig")
        return _Reader(text, origin).document()
    except UnicodeDecodeError as error:
        raise ConfigError([fault(origin, f"byte {error.start}", "not UTF-8")]) from None
    except yaml.MarkedYAMLError as error:
        raise ConfigError([fault(origin, _place(error.problem_mark), error.problem or "not YAML")]) from None
    except yaml.YAMLError as error:
        raise ConfigError([fault(origin, "not YAML", str(error).partition("\n")[0])]) from None


def _place(mark: Any) -> str:  # the two parsers have a class of mark each
    return f"line {mark.line + 1}, column {mark.column + 1}" if mark is not None else "somewhere"


class _Reader:
    """Turns the parser's events into data as they come, so that nothing is ever expanded."""

    def __init__(self, text: str, origin: str) -> None:
        self._origin = origin
        self._events: Iterator[events.Event] = yaml.parse(text, Loader=_LOADER)
        self._faults: list[Fault] = []

    def document(self) -> object:
        """The only document; duplicate keys are collected, anything else ends the reading."""
        found: list[object] = []
        for event in self._events:
            if isinstance(event, events.DocumentStartEvent):
                found.append(self._node(next(self._events), "", 0))
        if len(found) > 1:
            self._faults.append(fault(self._origin, f"{len(found)} documents", "must be one document"))
        if self._faults:
            raise ConfigError(self._faults)
        return found[0] if found else None

    def _node(self, event: events.Event, path: str, depth: int) -> object:
        if isinstance(event, events.AliasEvent):
            self._stop(event, f"*{event.anchor}", "aliases are not read: write the value out")
        if getattr(event, "tag", None) not in (None, "!"):
            self._stop(event, "a tag", "tags are not read: leave it out")
        if depth > MAX_DEPTH:
            self._stop(event, "too deep", f"at most {MAX_DEPTH} levels")
        if isinstance(event, events.MappingStartEvent):
            return self._mapping(path, depth)
        if isinstance(event, events.SequenceStartEvent):
            return self._sequence(path, depth)
        return _scalar(event) if isinstance(event, events.ScalarEvent) else None

    def _mapping(self, path: str, depth: int) -> dict[str, object]:
        made: dict[str, object] = {}
        while not isinstance(event := next(self._events), events.MappingEndEvent):
            if not isinstance(event, events.ScalarEvent):
                self._stop(event, "a key", "a key must be a text")
            key = event.value
            if key in made:
                place = _place(event.start_mark)
                self._faults.append(fault(join(path, key), "given twice", f"at most once (again at {place})"))
            made[key] = self._node(next(self._events), join(path, key), depth + 1)
        return made

    def _sequence(self, path: str, depth: int) -> list[object]:
        made: list[object] = []
        while not isinstance(event := next(self._events), events.SequenceEndEvent):
            made.append(self._node(event, f"{path}[{len(made)}]", depth + 1))
        return made

    def _stop(self, event: events.Event, value: str, rule: str) -> NoReturn:
        found = fault(self._origin, f"{_place(event.start_mark)}: {value}", rule)
        raise ConfigError([*self._faults, found])


def _scalar(event: events.ScalarEvent) -> object:
    text: str = event.value
    if event.style is not None and event.style != "":  # quoted or a block
        return text
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text
