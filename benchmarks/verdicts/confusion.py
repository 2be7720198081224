"""The confusion table, and what is to be said of it."""

from collections import Counter
from collections.abc import Iterable, Sequence

from benchmarks.verdicts.playing import Judged

AIM = 0.95
_NO_ANSWER = ("unknown", "none", "no report")


def table(judged: Sequence[Judged]) -> str:
    """Rows: what was injected. Columns: how often, right, and what else was judged. In Markdown."""
    lines = [
        "| injected | played | right | unknown | wrong, and as what |",
        "| --- | --- | --- | --- | --- |",
    ]
    for cause in dict.fromkeys(one.injected for one in judged):
        row = [one for one in judged if one.injected == cause]
        lines.append(f"| {cause} | {len(row)} | {_right(row)} | {_unanswered(row)} | {_confused(row)} |")
    lines.append(
        f"| **all** | {len(judged)} | {_right(judged)} | {_unanswered(judged)} | {len(wrong(judged))} |"
    )
    return "\n".join(lines)


def stalls_table(judged: Sequence[Judged]) -> str:
    """The same by stall: variants apart, with the confidence of what was right."""
    lines = ["| stall | right | confidence when right | else |", "| --- | --- | --- | --- |"]
    for stall in dict.fromkeys(one.stall for one in judged):
        row = [one for one in judged if one.stall == stall]
        sure = _counted(one.confidence for one in row if one.right)
        other = _counted(f"{one.judged} ({one.confidence or '-'})" for one in row if not one.right)
        lines.append(f"| {stall} | {_right(row)} of {len(row)} | {sure} | {other} |")
    return "\n".join(lines)


def matrix(judged: Sequence[Judged]) -> str:
    """The whole square for a terminal: rows injected, columns judged."""
    rows = list(dict.fromkeys(one.injected for one in judged))
    others = dict.fromkeys(one.judged for one in judged if one.judged not in rows)
    columns = [*rows, *others]
    counts = Counter((one.injected, one.judged) for one in judged)
    width = max(map(len, columns))
    numbers = "".join(f"{number:4}" for number in range(1, len(columns) + 1))
    lines = [f"{'injected / judged':{width + 4}}{numbers}"]
    for number, name in enumerate(columns, 1):
        cells = "".join(f"{counts[name, column] or '.':>4}" for column in columns) if name in rows else ""
        lines.append(f"{number:3} {name:{width}}{cells}")
    return "\n".join(lines)


def wrong(judged: Sequence[Judged]) -> list[Judged]:
    """Those that name another cause."""
    return [one for one in judged if not one.right and one.judged not in _NO_ANSWER]


def summary(judged: Sequence[Judged]) -> str:
    """The figures that we aim at, and every wrong one with its folder."""
    right = sum(one.right for one in judged)
    sure = [one for one in wrong(judged) if one.confidence == "high"]
    lines = [
        f"right cause first: {right} of {len(judged)} ({right / max(1, len(judged)):.1%}; aim {AIM:.0%})",
        f"no answer: {_unanswered(judged)}",
        f"wrong: {len(wrong(judged))}, with high confidence: {len(sure)} (aim 0)",
    ]
    for one in sorted((one for one in judged if not one.right), key=lambda one: one.confidence != "high"):
        lines.append(
            f"  {one.stall}: judged {one.judged} ({one.confidence or '-'}), {one.report or 'nothing kept'}"
        )
        lines += [f"    {one.sentence}"] if one.sentence else []
    return "\n".join(lines)


def _right(row: Sequence[Judged]) -> int:
    return sum(one.right for one in row)


def _unanswered(row: Sequence[Judged]) -> int:
    return sum(one.judged in _NO_ANSWER and not one.right for one in row)


def _confused(row: Sequence[Judged]) -> str:
    return _counted(one.judged for one in wrong(row))


def _counted(names: Iterable[str]) -> str:
    return ", ".join(f"{count} x {name}" for name, count in Counter(names).most_common())
