"""Causes that are written on the goroutine's stack: the share of the looks that they take is what counts."""

import re
from collections.abc import Callable, Sequence
from typing import Final

from model.samples import Frame
from model.units import counted, duration
from model.verdict import Cause, Fact, FactKind
from report.places import frame_text
from report.verdict import words
from report.verdict.finding import Finding
from report.verdict.go.features import GoFeatures
from report.verdict.go.locks import holder
from report.verdict.go.patterns import Claim, Piece

_MOST_FACTS: Final = 3
LEAST: Final = 0.3
IDLE_CORES: Final = 0.5  # below, a wait is no mistake
_LIMITED: Final = re.compile(r"(?i)\b429\b|throttl|rate.?limit|too many requests|retry|back-?off")

_REMEDIES: Final = {
    Cause.DNS: "Look at the resolvers in /etc/resolv.conf, at `ndots`, and at the name server's latency.",
    Cause.TLS: "Look at the peer's TLS latency; keep connections open; make keys beforehand.",
    Cause.CHILD_PROCESS: "Look at what that program does; give it a context with a deadline.",
    Cause.LOG_PIPE: "Look at who reads the program's output; drop lines when nobody takes them.",
    Cause.BACKOFF: "Look at why calls fail: quotas and 429s, client QPS and burst; bound the retries.",
    Cause.NETWORK_WAIT: "Look at the peer's latency at that time; give the request a shorter deadline.",
    Cause.LOCK_WAIT: "Look at the goroutine that holds the lock, and at what it does while it holds it.",
    Cause.DISK: "Look at that file system's latency; keep file access out of the loop.",
    Cause.SLEEP: "Look at what that function waits for; wait for an event with a deadline instead.",
    Cause.CHANNEL_WAIT: "Look at who should serve that channel; wait with a deadline.",
    Cause.SERIALISATION: "Look at the size of what is encoded or decoded; list less, or keep it decoded.",
    Cause.REGULAR_EXPRESSION: "Look at the expression and its input; compile it once, match less text.",
}


def spoken(cause: Cause, doubt: str = "") -> Callable[[GoFeatures], Finding | None]:
    """A look at what stacks say of a cause."""

    def look(features: GoFeatures) -> Finding | None:
        claims = [each for each in features.claims if each.pattern.cause is cause]
        share = sum(each.piece.share for each in claims)
        if share < LEAST:
            return None
        groups = _groups(claims)
        facts = [_fact(group) for group in groups[:_MOST_FACTS]]
        claims = groups[0]
        lines = features.said(_LIMITED) if cause is Cause.BACKOFF else []
        if lines:
            said = f"{len(lines)} log lines speak of limits or retries, the last: {lines[-1][:200]}"
            facts.append(Fact(kind=FactKind.LOG, text=said))
        if cause is Cause.LOCK_WAIT:
            facts += holder(features, claims[0].piece)
        waits = not claims[0].piece.running
        idle = features.cores is not None and features.cores < IDLE_CORES
        agrees = idle or claims[0].piece.minutes > 0 or bool(lines)
        return Finding(
            cause=cause,
            score=min(1.0, share),
            sentence=_sentence(features, claims, share),
            facts=tuple(facts),
            frames=claims[0].piece.frames[: claims[0].at + 1],
            remedy=_REMEDIES[cause],
            certain=features.looks > 1 and (agrees if waits else not idle),
            doubt=doubt or features.guessed,
        )

    return look


def by(frames: Sequence[Frame], at: int | None = None) -> str:
    """`, called by main.refresh (loop.go:12)`, where anybody is known."""
    found = words.caller(frames, at)
    return f", called by {words.called(found)}" if found else ""


def _sentence(features: GoFeatures, claims: list[Claim], share: float) -> str:
    first = claims[0]
    where = by(first.piece.frames, first.at)
    minutes = max(each.piece.minutes for each in claims)
    lasting = f"; Go says that it waits for {counted(minutes, 'minute')} already" if minutes else ""
    if not features.looks:
        return f"{words.percent(share)} of the CPU time went into {first.pattern.what}{where}."
    who = features.whose(first.piece)
    return f"{in_looks(features, share)} {who} was {first.pattern.what}{where}{lasting}."


def in_looks(features: GoFeatures, share: float) -> str:
    """`In 93% of 3 looks within 4s`."""
    many = "1 look" if features.looks == 1 else f"{features.looks} looks"
    return f"In {words.percent(share)} of {many} within {duration(features.seen_s)}"


def _groups(claims: Sequence[Claim]) -> list[list[Claim]]:
    """Claims at one function, called by the same of the target's, those with the largest share first."""
    places: dict[tuple[str, str], list[Claim]] = {}
    for each in claims:
        function = each.piece.frames[each.at].function
        places.setdefault((function, by(each.piece.frames, each.at)), []).append(each)
    return sorted(places.values(), key=lambda group: -sum(each.piece.share for each in group))


def _fact(group: Sequence[Claim]) -> Fact:
    each, share = group[0], sum(one.piece.share for one in group)
    piece = each.piece
    reason = piece.reason or "running"
    minutes = f", {counted(piece.minutes, 'minute')}" if piece.minutes else ""
    frame = piece.frames[each.at]
    called = by(piece.frames, each.at)
    text = f"{words.percent(share)} in {frame.function} ({reason}{minutes}){called}."
    return stack(text, piece, share)


def stack(text: str, piece: Piece, share: float) -> Fact:
    """A fact with its stack."""
    return Fact(
        kind=FactKind.STACK,
        text=text,
        share=round(share, 4),
        thread=f"goroutine {piece.goroutine}" if piece.goroutine else "CPU",
        frames=tuple(map(frame_text, piece.frames)),
    )
