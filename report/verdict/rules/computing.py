"""On a CPU, in code that no other rule knows: the target's own Python, or C below it."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Final

from model.comparison import Doing
from model.samples import Frame, State
from model.verdict import Cause, Fact, FactKind
from report.evidence.looks import NO_FRAME
from report.places import Origin, frame_text, origin
from report.verdict import crowd, words
from report.verdict.conduct import Piece
from report.verdict.features import Features
from report.verdict.finding import Finding, Rule
from report.verdict.kernel import Wait
from report.verdict.patterns import NOT_WORKING, Pattern

_LEAST: Final = 0.3
_SLACK: Final = 0.15  # by which the time ready to run, as measured, may be too small
_CHEAP: Final = re.compile(  # calls that take no time worth telling: the line is Python's own work
    r"_?(?:floor|random|repeat|len|isinstance|range|getattr|hasattr|int|float|str|bool|abs|ord|chr|iter|next|type|id|hash|min|max|round|divmod"
    r"|enumerate|zip|super)|(?:math|random|time|operator)\.\w+|.*\.(?:append|get|add|pop|items|keys|values|setdefault)"
)
_GENERATORS: Final = ("<genexpr>", "<listcomp>", "<dictcomp>", "<setcomp>", "<lambda>")
_N: Final = Cause.NATIVE_CODE

PATTERNS: Final = (
    Pattern(
        _N,
        "a call into C that sleeps and keeps the GIL",
        r".+",
        doing=NOT_WORKING,
        states=frozenset((State.WAITING_GIL,)),
        waits=tuple(wait for wait in Wait if wait is not Wait.STOPPED),
        reach=1,
        certain_wait=False,
    ),
)


def _look_for_own(features: Features) -> Finding | None:
    every = _computing(features)
    native = _native_us(features, every)
    share = features.share(every) - native / features.total_us if features.total_us else 0.0
    return _finding(
        features, Cause.OWN_CODE, share, [piece for piece in every if not _stays(features, piece)] or every
    )


def _look_for_native(features: Features) -> Finding | None:
    asleep = features.claims.of(_N)
    held = features.share(claim.piece for claim in asleep)
    if held >= _LEAST:
        return _asleep_with_gil(features, held, asleep[0].piece)
    every = _computing(features)
    if not features.total_us:
        return None
    share = _native_us(features, every) / features.total_us
    staying = [piece for piece in every if _stays(features, piece)]
    return _finding(features, _N, share, staying) if staying else None


def _computing(features: Features) -> list[Piece]:
    """What ran without any rule knowing it; without a frame of Python it is nobody's code."""
    rest = features.claims.rest
    return [piece for piece in rest if piece.doing is Doing.ON_CPU and piece.leaf != NO_FRAME]


def _is_call(piece: Piece) -> bool:
    """Whether a line that stays must be in a call: a comprehension is a loop on one line."""
    return bool(piece.calls) and not piece.leaf.function.endswith(_GENERATORS)


def _stays(features: Features, piece: Piece) -> bool:
    """Whether most of the time at its innermost line passed in long spells: a call into C, most likely."""
    leaf = piece.leaf
    if piece.calls is not None and all(_CHEAP.fullmatch(name) for name in piece.calls):
        return False  # there is no call in the line, or none that could take so long
    if leaf.function.endswith(_GENERATORS) and piece.calls is None:
        return False
    return features.steady({leaf}) * features.total_us > _MOSTLY * features.line_us.get(leaf, 0)


def _native_us(features: Features, pieces: Iterable[Piece]) -> float:
    return sum(piece.us for piece in pieces if _stays(features, piece))


def _finding(features: Features, cause: Cause, share: float, pieces: list[Piece]) -> Finding | None:
    if share < _LEAST:
        return None
    places: dict[Frame, list[Piece]] = defaultdict(list)
    for piece in pieces:
        frame = words.caller(piece.frames) or piece.leaf
        places[frame._replace(line=0)].append(piece)
    ranked = sorted(places.values(), key=lambda found: -sum(piece.us for piece in found))
    top = ranked[0][0]
    frame = words.caller(top.frames) or top.leaf
    score = min(share, crowd.ready(features) + _SLACK) * 0.95 * crowd.slowed(features)
    return Finding(
        cause=cause,
        score=score,
        sentence=_sentence(features, cause, share, top, features.share(ranked[0])) + features.followed,
        facts=(*_stack_facts(features, ranked), *_gil_facts(features)),
        frames=top.frames[: top.frames.index(frame) + 1],
        remedy=_REMEDIES[cause],
        certain=features.computes and (cause is Cause.OWN_CODE or features.gil_held > _MOSTLY),
        doubt="" if cause is Cause.OWN_CODE or _is_call(top) else "a tight loop on one line looks the same",
    )


def _sentence(features: Features, cause: Cause, share: float, top: Piece, inside: float) -> str:
    frame = words.caller(top.frames) or top.leaf
    took = words.took(share, features.seen_s)
    if cause is Cause.OWN_CODE:
        part = "all of it" if words.percent(inside) == words.percent(share) else f"{words.percent(inside)}"
        whose = _whose(features)
        how = "in" if origin(frame.file) is whose else "called by"
        return (
            f"{took} went into computing in {_WHOSE[whose]} Python code, {part} {how} {words.called(frame)}."
        )
    called = f" ({', '.join(dict.fromkeys(top.calls))})" if top.calls else ""
    gil = (
        "holding the GIL"
        if features.gil_held > _MOSTLY
        else "without the GIL"
        if features.looks
        else "maybe with the GIL"
    )
    return (
        f"{took} went into native code{called}, {gil}, "
        f"called by {words.called(frame)}, which stays at that line."
    )


def _whose(features: Features) -> Origin:
    """Whose code most of the computing was in, by the innermost frames."""
    times: Counter[Origin] = Counter()
    for piece in _computing(features):
        times[origin(piece.leaf.file)] += piece.us
    return times.most_common(1)[0][0]


def _asleep_with_gil(features: Features, share: float, piece: Piece) -> Finding:
    frame = words.caller(piece.frames) or piece.leaf
    text = (
        f"{words.took(share, features.seen_s)} asleep in C with the GIL held, called by {words.called(frame)}"
    )
    return Finding(
        cause=_N,
        score=share,
        sentence=f"{text}: no other Python thread can run meanwhile.{features.followed}",
        facts=(
            Fact(
                kind=FactKind.STACK,
                text=f"{text}.",
                share=round(share, 4),
                thread=features.culprit.threads[0].name,
                frames=tuple(map(frame_text, piece.frames)),
            ),
            *_gil_facts(features),
        ),
        frames=piece.frames,
        remedy=_REMEDIES[_N],
        certain=features.looks > 1,
    )


def _stack_facts(features: Features, ranked: list[list[Piece]]) -> list[Fact]:
    return [
        Fact(
            kind=FactKind.STACK,
            text=words.by_way(found[0].frames, words.took(features.share(found), features.seen_s)),
            share=round(features.share(found), 4),
            thread=features.culprit.threads[0].name,
            frames=tuple(map(frame_text, found[0].frames)),
        )
        for found in ranked[:3]
    ]


def _gil_facts(features: Features) -> list[Fact]:
    thread = features.culprit.threads[0]
    facts = []
    if features.looks:
        text = f"{thread.name} held the GIL in {words.percent(features.gil_held)} of {features.looks} looks."
        facts.append(
            Fact(kind=FactKind.STACK, text=text, share=round(features.gil_held, 4), thread=thread.name)
        )
    if thread.cpu is not None:
        text = f"{thread.name} used {thread.cpu:.2g} cores."
        facts.append(
            Fact(
                kind=FactKind.SIGNAL, text=text, value=round(thread.cpu, 3), unit="cores", thread=thread.name
            )
        )
    return facts


_MOSTLY: Final = 0.5
_WHOSE: Final = {
    Origin.OWN: "the target's own",
    Origin.PACKAGE: "an installed package's",
    Origin.STANDARD: "the standard library's",
}
_REMEDIES: Final = {
    Cause.OWN_CODE: "Look at what that function was given: input that grew, a loop over all pairs, "
    "a cache that misses.",
    _N: "Look at what that call was given; a library that lets the GIL go, smaller parts, "
    "or another process helps.",
}

RULES: Final = {
    "own_code": Rule(
        Cause.OWN_CODE,
        "Most of the stalled time on a CPU in functions that no other rule knows, while the innermost "
        "line moves. Sure "
        "only where the thread's CPU time says so too.",
        _look_for_own,
    ),
    "native_code": Rule(
        _N,
        "Most of the stalled time on a CPU at a line that does not move between many samples and has a "
        "call in it; sure "
        "where the looks say that this thread holds the GIL. Or asleep while holding the GIL.",
        _look_for_native,
    ),
}
