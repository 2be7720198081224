"""From findings to one answer: rank, confidence, alternatives; and the page that is made of the rules."""

from pathlib import Path

import pytest

from model.samples import Frame
from model.verdict import Cause, Confidence
from report.verdict import words
from report.verdict.engine import decide
from report.verdict.finding import Finding
from report.verdict.table import fill

DOCS = Path(__file__).parents[4] / "docs" / "verdicts.md"


def finding(cause: Cause, score: float, **about: object) -> Finding:
    return Finding(cause=cause, score=score, sentence=f"{cause}.", facts=(), certain=True, **about)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "sampled_s", "expected"),
    [
        ([finding(Cause.DNS, 0.9)], 5.0, Confidence.HIGH),
        ([finding(Cause.DNS, 0.6)], 5.0, Confidence.MEDIUM),
        ([finding(Cause.DNS, 0.4)], 5.0, Confidence.LOW),
        ([finding(Cause.DNS, 0.9)], 0.5, Confidence.MEDIUM),
        ([finding(Cause.DNS, 0.9, doubt="it may be another")], 5.0, Confidence.MEDIUM),
        ([finding(Cause.DNS, 0.9), finding(Cause.TLS, 0.8)], 5.0, Confidence.LOW),
        (
            [finding(Cause.DNS, 0.9, covers=frozenset((Cause.TLS,))), finding(Cause.TLS, 0.9)],
            5.0,
            Confidence.HIGH,
        ),
    ],
    ids=["much", "more than half", "less", "too short", "doubt", "another is close", "the other is the same"],
)
def test_confidence(found: list[Finding], sampled_s: float, expected: Confidence) -> None:
    assert decide(found, sampled_s, "nothing.").confidence is expected


def test_the_best_is_the_answer_and_others_are_named_when_they_are_worth_it() -> None:
    verdict = decide(
        [finding(Cause.TLS, 0.5), finding(Cause.DNS, 0.8), finding(Cause.DISK, 0.3)], 5.0, "nothing."
    )
    assert verdict.cause is Cause.DNS
    assert [each.cause for each in verdict.alternatives] == [Cause.TLS]


def test_too_little_is_unknown() -> None:
    verdict = decide([finding(Cause.DNS, 0.2)], 5.0, "Nothing fits.")
    assert (verdict.cause, verdict.sentence) == (Cause.UNKNOWN, "Nothing fits.")
    assert [each.cause for each in verdict.alternatives] == [Cause.DNS]


def test_a_sentence_has_short_places_of_ones_own_code() -> None:
    own, package = (
        Frame("plan", file, 7)
        for file in ("/srv/a/b/scaler/loop.py", "/usr/lib/python3/site-packages/x/y/z.py")
    )
    assert words.called(own) == "plan (scaler/loop.py:7)"
    assert words.called(package) == "plan (x/y/z.py:7)"


@pytest.mark.parametrize(
    ("share", "text"), [(1.0, "100%"), (0.9979, "99.5%"), (0.934, "93%"), (0.004, "0.4%"), (0.0, "0%")]
)
def test_a_share_is_never_said_to_be_more_than_it_is(share: float, text: str) -> None:
    assert words.percent(share) == text


def test_the_page_of_causes_is_made_of_the_rules() -> None:
    text = DOCS.read_text()
    assert text == fill(text), "make docs"
    assert all(f"`{cause}`" in text for cause in Cause if cause is not Cause.CHANNEL_WAIT)
