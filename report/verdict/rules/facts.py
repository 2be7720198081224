"""Pieces of evidence, as rules tell them."""

from model.signals import Name
from model.verdict import Fact, FactKind
from report.places import frame_text
from report.verdict.conduct import Conduct, Piece


def stack(text: str, share: float, thread: Conduct, piece: Piece) -> Fact:
    """A stack that a thread was seen in for a share of its time."""
    return Fact(
        kind=FactKind.STACK,
        text=text,
        share=round(share, 4),
        thread=thread.name,
        frames=tuple(map(frame_text, piece.frames)),
    )


def signal(name: Name, value: float, unit: str, text: str) -> Fact:
    """A signal's figure."""
    return Fact(kind=FactKind.SIGNAL, text=text, value=round(value, 4), unit=unit, signal=name)


def count(text: str, value: float, unit: str, thread: str = "") -> Fact:
    """A figure of threads, without a signal's name."""
    return Fact(kind=FactKind.SIGNAL, text=text, value=round(value, 4), unit=unit, thread=thread)
