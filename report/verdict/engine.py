"""From findings to one answer: the cause that explains most, how sure that is, and what else it may be."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from model.signature import signature
from model.verdict import Cause, Confidence, Suspect, Verdict
from report.drawing import Drawing
from report.verdict import disagreement, healthy, resting, rules, seen, words
from report.verdict.features import Features, features
from report.verdict.finding import Finding, Rule
from report.verdict.kernel import Wait

_HIGH: Final = 0.7  # of the time explained, with a second kind of evidence
_MEDIUM: Final = 0.5
_NAMED: Final = 0.3  # below, nothing is named
_CLOSE: Final = 0.15  # of the best: an alternative this near lowers confidence
_WORTH_NAMING: Final = 0.5  # of the best's score, for an alternative
_MOST_ALTERNATIVES: Final = 3
_BROADER: Final = 0.1  # of score: what a finding that covers others is put before them by
_THIN_S: Final = 1.0  # sampled: with less, nothing is certain

Evidence = TypeVar("Evidence")


def judge(drawing: Drawing) -> Verdict:
    """The verdict on a report."""
    found = features(drawing, rules.PATTERNS)
    without = seen.nothing(found) or seen.too_little(found) or resting.at_rest(found)
    table = rules.BY_SIGNALS if without else rules.RULES
    against = [_told(found, each) for each in _differing(found, table) or findings(table, found)]
    return decide(against, found.seen_s, without or _nothing_fits(found))


def _differing(found: Features, table: Mapping[str, Rule[Features]]) -> list[Finding]:
    """What threads that are waited for show, each judged by itself, where they do not agree."""
    each = []
    for thread, alone in found.of_each(rules.PATTERNS):
        if told := findings(table, alone):
            each.append((thread, min(told, key=_rank)))
    return disagreement.by_cause(each)


def _rank(finding: Finding) -> float:
    """Smaller is better: one that covers others is put before them."""
    return -finding.score - _BROADER * bool(finding.covers)


def _told(found: Features, finding: Finding) -> Finding:
    """The finding as it is told: how little was seen, and how healthy iterations compare."""
    little_cpu = seen.little_cpu(found) if finding.frames else ""
    of_healthy = healthy.alike(found) if finding.frames else ""
    return replace(
        finding,
        sentence=finding.sentence + little_cpu + seen.in_part(found) + of_healthy,
        doubt=finding.doubt or little_cpu,
        facts=(*finding.facts, *healthy.facts(found, finding)),
    )


def findings(table: Mapping[str, Rule[Evidence]], evidence: Evidence) -> list[Finding]:
    """What all rules of a table find."""
    return [found for rule in table.values() if (found := rule.look(evidence)) is not None]


def decide(found: Iterable[Finding], sampled_s: float, otherwise: str) -> Verdict:
    """The best finding as a verdict; `otherwise` is the sentence when none is good enough."""
    ranked = sorted(found, key=_rank)
    if not ranked or ranked[0].score < _NAMED:
        return unknown(otherwise, ranked)
    best = ranked[0]
    others = [each for each in ranked[1:] if each.cause not in (best.cause, *best.covers) and not each.last]
    return Verdict(
        cause=best.cause,
        confidence=confidence(best, others, sampled_s),
        sentence=best.sentence,
        score=round(best.score, 3),
        facts=best.facts,
        alternatives=_suspects([*others, *_within(best, ranked)], best.score * _WORTH_NAMING),
        remedy=best.remedy,
        signature=signature(best.cause, best.frames),
    )


def _within(best: Finding, ranked: Sequence[Finding]) -> list[Finding]:
    """What goes on in the time that the best finding covers, where that is worth telling apart."""
    return [each for each in ranked[1:] if best.names_within and each.cause in best.covers][:1]


def confidence(best: Finding, others: Sequence[Finding], sampled_s: float) -> Confidence:
    """High only where much is explained, twice over, and nothing else comes near."""
    close = any(each.score > best.score - _CLOSE for each in others)
    if best.score >= _HIGH and best.certain and not close and not best.doubt and sampled_s >= _THIN_S:
        return Confidence.HIGH
    return Confidence.MEDIUM if best.score >= _MEDIUM and sampled_s > 0 and not close else Confidence.LOW


def unknown(sentence: str, others: Sequence[Finding] = ()) -> Verdict:
    """The answer when nothing explains the time."""
    return Verdict(
        cause=Cause.UNKNOWN,
        confidence=Confidence.LOW,
        sentence=sentence,
        score=0.0,
        alternatives=_suspects(others, 0.0),
        remedy="Look at the stacks and at the signals of the report's page.",
        signature=signature(Cause.UNKNOWN, ()),
    )


def _suspects(others: Sequence[Finding], least: float) -> tuple[Suspect, ...]:
    worth = [each for each in others if each.score >= least]
    return tuple(
        Suspect(cause=w.cause, sentence=w.sentence, score=round(w.score, 3))
        for w in worth[:_MOST_ALTERNATIVES]
    )


def _nothing_fits(found: Features) -> str:
    piece = found.pieces[0]
    share = found.share([piece])
    if piece.wait is Wait.PIPE_READ:
        where = words.called(words.caller(piece.frames) or piece.leaf)
        return (
            f"No known cause explains the time: {words.took(share, found.seen_s)} was spent waiting for "
            f"input from a pipe in {where}. It has no child process, and who writes into it is not seen."
        )
    return (
        f"No known cause explains the time. Most of it, {words.took(share, found.seen_s)}, "
        f"went by in {words.called(piece.leaf)}."
    )
