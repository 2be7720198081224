"""On a CPU, in code that no other rule knows."""

from collections import defaultdict
from typing import Final

from model.comparison import Doing
from model.verdict import Cause, Fact, FactKind
from report.places import Origin, frame_text, origin
from report.verdict import words
from report.verdict.conduct import Piece
from report.verdict.features import Features
from report.verdict.finding import Finding, Rule

_LEAST: Final = 0.3
_CPU_LEAST: Final = 0.5  # cores, of a thread that is said to compute


def busy(features: Features) -> list[Piece]:
    """What ran, or may have run, without any rule knowing it."""
    return [piece for piece in features.claims.rest if piece.doing is Doing.ON_CPU]


def _look(features: Features) -> Finding | None:
    pieces = busy(features)
    share = features.share(pieces)
    if share < _LEAST:
        return None
    places: dict[tuple[str, str], list[Piece]] = defaultdict(list)
    for piece in pieces:
        frame = words.caller(piece.frames) or piece.leaf
        places[frame.function, frame.file].append(piece)
    ranked = sorted(places.values(), key=lambda found: -sum(piece.us for piece in found))
    frames = ranked[0][0].frames
    frame = words.caller(frames) or frames[-1]
    inside = features.share(ranked[0])
    cpu = features.culprit.threads[0].cpu
    whose = "package code" if origin(frame.file) is Origin.PACKAGE else "own code"
    sentence = (
        f"Computing: {words.took(share, features.seen_s)} on a CPU in {whose}, "
        f"{words.percent(inside)} in {words.called(frame)}."
    )
    if features.culprit.followed:
        sentence += f" {features.culprit.followed}."
    facts = tuple(
        Fact(
            kind=FactKind.STACK,
            text=(
                f"{words.took(features.share(found), features.seen_s)} in "
                f"{words.called(words.caller(found[0].frames) or found[0].leaf)}."
            ),
            share=round(features.share(found), 4),
            thread=features.culprit.threads[0].name,
            frames=tuple(map(frame_text, found[0].frames)),
        )
        for found in ranked[:3]
    )
    return Finding(
        cause=Cause.OWN_CODE,
        score=share * 0.95,
        sentence=sentence,
        facts=facts,
        frames=frames[: frames.index(frame) + 1],
        remedy=(
            "Look at what that function was given: input that grew, a loop over all pairs, a cache that "
            "no longer hits."
        ),
        certain=cpu is not None and cpu >= _CPU_LEAST,
    )


RULES: Final = {
    "own_code": Rule(
        Cause.OWN_CODE,
        (
            "Most of the stalled time on a CPU in functions that no other rule knows, while the innermost "
            "place moves."
        ),
        _look,
    )
}
