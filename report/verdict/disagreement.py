"""Threads that are waited for, and that do not all do the same: then it may be any of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from model.verdict import Cause
from report.verdict import words
from report.verdict.conduct import Conduct
from report.verdict.finding import Finding

_TOLD: Final = 0.5  # of a thread's time explained, to count as told
_NEAR: Final = 0.9  # of the score, for what one thread of very many did

Told = Mapping[Cause, Sequence[tuple[Conduct, Finding]]]


def by_cause(findings: Sequence[tuple[Conduct, Finding]]) -> list[Finding]:
    """One finding for each cause that threads, judged one by one, show; none where they agree.

    What most of them do comes first; as the loop waits for all, the others come near.
    """
    sure = [(thread, best) for thread, best in findings if best.score >= _TOLD]
    grouped: dict[Cause, list[tuple[Conduct, Finding]]] = {}
    for thread, best in sure:
        grouped.setdefault(best.cause, []).append((thread, best))
    if not _differ([best for _, best in sure]):
        return []
    said = _said(grouped, len(findings))
    found = []
    for told in grouped.values():
        _, best = max(told, key=lambda each: each[1].score)
        weight = _NEAR + (1 - _NEAR) * len(told) / len(sure)
        found.append(
            replace(
                best, score=best.score * weight, sentence=f"{best.sentence} {said}", doubt="threads differ"
            )
        )
    return found


def _differ(findings: Sequence[Finding]) -> bool:
    """Whether two of them are not the same time, seen more or less exactly."""
    causes = {each.cause for each in findings}
    alike = {each.cause: each.covers for each in findings}
    return any(
        one is not other and one not in alike[other] and other not in alike[one]
        for one in causes
        for other in causes
    )


def _said(told: Told, count: int) -> str:
    """`These threads differ: 4 of 5 network_wait, and worker_4 own_code; it may wait for any of them.`."""
    parts = [
        f"{threads[0][0].name} {cause}" if len(threads) == 1 else f"{len(threads)} of {count} {cause}"
        for cause, threads in sorted(told.items(), key=lambda each: -len(each[1]))
    ]
    return f"These threads differ: {words.several(parts)}; it may wait for any of them."
