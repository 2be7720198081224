"""Which series is meant, in Prometheus' own notation: `name{label="value", other=~"a|b"}`."""

import re
from collections.abc import Callable, Iterator, Sequence

from daemon.sources.metrics.contract import Sample

FORM = 'a series as Prometheus writes it, such as loop_runs_total or loop_start{loop="main"}'

_NAME = re.compile(r"\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(?:\{(.*)\}\s*)?", re.DOTALL)
_MATCHER = re.compile(r'\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*"((?:[^"\\\n]|\\.)*)"\s*(,|$)')
_ESCAPED = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "t": "\t", "\\": "\\", '"': '"', "'": "'"}

Holds = Callable[[str], bool]


class SelectorError(ValueError):
    """A text that is no selector; says what is wrong and what to write."""


class Selector:
    """A metric's name and what its labels must be. A label that is not there counts as empty."""

    def __init__(self, text: str) -> None:
        """Raises SelectorError."""
        found = _NAME.fullmatch(text)
        if found is None:
            raise SelectorError(FORM)
        self.text = text.strip()
        self.name: str = found[1]
        written = list(_matchers(found[2] or ""))
        self.literals = frozenset(
            _quoted(value) for _, operator, value in written if operator == "=" and value
        )
        self._holds = [(label, _holds(operator, value)) for label, operator, value in written]

    def picked(self, samples: Sequence[Sample]) -> Iterator[Sample]:
        """Those of the samples that are meant."""
        return (sample for sample in samples if sample.name == self.name and self._fits(sample.labels))

    def beside(self, name: str) -> "Selector":
        """The same labels under another name."""
        _, brace, labels = self.text.partition("{")
        return Selector(name + brace + labels)

    def _fits(self, labels: dict[str, str]) -> bool:
        return all(holds(labels.get(label, "")) for label, holds in self._holds)


def _matchers(text: str) -> Iterator[tuple[str, str, str]]:
    at = 0
    while text[at:].strip():
        found = _MATCHER.match(text, at)
        if found is None:
            raise SelectorError(f'`{text[at:].strip()}`: label="value" is expected, with =, !=, =~ or !~')
        yield found[1], found[2], _unescaped(found[3])
        at = found.end()


def _quoted(value: str) -> bytes:
    """A label's value as a line has it."""
    escaped = value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
    return f'"{escaped}"'.encode()


def _unescaped(text: str) -> str:
    def one(match: re.Match[str]) -> str:
        if match[1] not in _ESCAPES:
            raise SelectorError(f'`{match[0]}`: of escapes only \\\\, \\", \\n and \\t are read')
        return _ESCAPES[match[1]]

    return _ESCAPED.sub(one, text)


def _holds(operator: str, value: str) -> Holds:
    if operator == "=":
        return lambda given: given == value
    if operator == "!=":
        return lambda given: given != value
    fits = _pattern(value)
    return fits if operator == "=~" else lambda given: not fits(given)


def _pattern(text: str) -> Holds:
    """Whether a pattern fits the whole of a value, as Prometheus has it."""
    from daemon.patterns.regex import PatternError, compiled  # here, and not above: it loads RE2

    try:
        compiled(text)
        regex = compiled(rf"\A(?:{text})\z")
    except PatternError as error:
        raise SelectorError(str(error)) from None
    return lambda given: regex.search(given.encode()) is not None
