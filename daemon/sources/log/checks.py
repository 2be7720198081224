"""What may be wrong with the patterns of a log. Yields (option, value, rule)."""

from collections.abc import Iterator, Mapping

from daemon.patterns.regex import PatternError, compiled
from daemon.sources.log.patterns import DURATIONS, ITERATION
from daemon.sources.log.wording import NEEDED, OF_MODE, Patterns, Wording

Broken = tuple[str, str, str]


def broken(wording: Wording, written: Mapping[str, Patterns], *, preset: bool) -> Iterator[Broken]:
    """The faults of a wording of which `written` stands in the configuration."""
    if not preset and not any(written.values()):
        yield "", "nothing to look for", "give a `preset`, or patterns: start, end, beat"
        return
    before = False
    for fault in _of_patterns(written):
        before = True
        yield fault
    yield from _of_mode(wording, written)
    if wording.mode != "start_end" and wording.idle_allowance_s is None:
        rule = f"needed in mode {wording.mode}: the longest healthy pause between two iterations"
        yield "idle_allowance", "missing", rule
    if not before:
        yield from _of_groups(wording, written)
        yield from _of_pairs(wording)


def _of_patterns(written: Mapping[str, Patterns]) -> Iterator[Broken]:
    for option, texts in written.items():
        for text in texts:
            try:
                if compiled(text).search(b"") is not None:
                    yield option, text, "matches the empty line, so it matches every line: say more"
            except PatternError as error:
                yield option, text, str(error)


def _of_mode(wording: Wording, written: Mapping[str, Patterns]) -> Iterator[Broken]:
    """The patterns that a mode needs, and none that it does not know."""
    mode = wording.mode
    for kind in NEEDED[mode]:
        if not wording.of(kind):
            yield kind.value, "missing", f"needed in mode {mode}"
    for option, texts in written.items():
        if texts and option not in OF_MODE[mode]:
            rule = f"has no meaning in mode {mode}: leave it out, or set another mode"
            yield option, ", ".join(texts), rule


def _of_groups(wording: Wording, written: Mapping[str, Patterns]) -> Iterator[Broken]:
    """Named groups that we know, where they mean something."""
    for option, texts in written.items():
        for text in texts:
            for name in (name.decode() for name in compiled(text).groupindex):
                if name in DURATIONS and option != "end":
                    yield option, text, f"the group {name} has a meaning in `end` only"
                elif name not in DURATIONS and not ITERATION.fullmatch(name):
                    yield option, text, f"no such group: {name}; known: iteration, duration, duration_ms"
    if wording.concurrent:
        yield from _without_names(wording)


def _without_names(wording: Wording) -> Iterator[Broken]:
    for kind, text in wording.patterns():
        names = [name.decode() for name in compiled(text).groupindex]
        if kind in NEEDED["start_end"] and not any(map(ITERATION.fullmatch, names)):
            rule = "iterations side by side need a name: (?P<iteration>...)"
            yield kind.value, text, rule


def _of_pairs(wording: Wording) -> Iterator[Broken]:
    """A pattern that stands for two things: the second would never be heard."""
    seen: dict[str, str] = {}
    for kind, text in wording.patterns():
        if seen.setdefault(text, kind.value) != kind.value:
            yield kind.value, text, f"the same as in `{seen[text]}`, which goes first"
