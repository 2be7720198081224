"""Causes that one looks up: what a thread does is written on its stack, and the time in it is what counts."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from model.comparison import Doing
from model.samples import Frame
from model.verdict import Cause, Fact, FactKind
from report.places import frame_text
from report.verdict import crowd, words
from report.verdict.features import Features
from report.verdict.finding import Finding
from report.verdict.patterns import Claim

LEAST = 0.3  # of the time, for a cause to be named at all


@dataclass(frozen=True)
class Activity:
    """How a cause that patterns recognise is told."""

    cause: Cause
    remedy: str
    weight: float = 1.0
    went: str = "went into"


def found(
    features: Features,
    activity: Activity,
    *,
    certain: bool = False,
    facts: Sequence[Fact] = (),
    doubt: str = "",
    extra: str = "",
) -> Finding | None:
    """A finding, when enough of the time is claimed by the cause's patterns."""
    claims = features.claims.of(activity.cause)
    share = features.claims.share(activity.cause)
    if share < LEAST:
        return None
    groups = _groups(claims)
    frames, what = groups[0][0].piece.frames, groups[0][0].pattern.what
    stacks = [_fact(features, group) for group in groups[:3]]
    where = words.inside(frames, groups[0][0].outer)
    sentence = f"{words.capital(words.took(share, features.seen_s))} {activity.went} {what}{where}{extra}."
    sentence += features.followed
    return Finding(
        cause=activity.cause,
        score=min(1.0, _slowed(features, claims) * activity.weight),
        sentence=sentence,
        facts=(*stacks, *facts),
        frames=frames[: groups[0][0].outer + 1],
        remedy=activity.remedy,
        certain=certain,
        doubt=doubt,
    )


def _slowed(features: Features, claims: Sequence[Claim]) -> float:
    """The share of the time, with what was to be computed counted for less where there was no CPU for it."""
    working = features.share(claim.piece for claim in claims if claim.piece.doing is Doing.ON_CPU)
    return features.share(claim.piece for claim in claims) - working * (1.0 - crowd.slowed(features))


def _groups(claims: Sequence[Claim]) -> list[list[Claim]]:
    """Claims of the same pattern with the same function outside, those with most time first."""
    by_place: dict[tuple[str, str], list[Claim]] = defaultdict(list)
    for claim in claims:
        outer = words.caller(claim.piece.frames, claim.outer) or Frame("", "", 0)
        by_place[claim.pattern.what, outer.function].append(claim)
    return sorted(by_place.values(), key=lambda group: -sum(claim.piece.us for claim in group))


def _fact(features: Features, group: Sequence[Claim]) -> Fact:
    share = features.share(claim.piece for claim in group)
    frames = group[0].piece.frames
    text = words.by_way(frames, words.took(share, features.seen_s))
    return Fact(
        kind=FactKind.STACK,
        text=text,
        share=round(share, 4),
        thread=features.culprit.threads[0].name,
        frames=tuple(map(frame_text, frames)),
    )
