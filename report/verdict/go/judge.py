"""The verdict on a Go program."""

from model.verdict import Verdict
from report.drawing import Drawing
from report.verdict import words
from report.verdict.engine import decide, findings, unknown
from report.verdict.go.features import GoFeatures, features
from report.verdict.go.rules import RULES
from report.verdict.go.table import PATTERNS


def judge(drawing: Drawing) -> Verdict:
    """The verdict on what a Go program told of itself."""
    found = features(drawing, PATTERNS)
    if not found.pieces:
        return unknown(
            "Neither the loop's goroutine nor a busy CPU was seen, so why it was slow is not known."
        )
    return decide(findings(RULES, found), found.seen_s, _nothing_fits(found))


def _nothing_fits(found: GoFeatures) -> str:
    piece = max(found.pieces, key=lambda each: each.share)
    reason = f" ({piece.reason})" if piece.reason else ""
    return f"No known cause explains the time. Most looks saw {words.called(piece.leaf)}{reason}."
