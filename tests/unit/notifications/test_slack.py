"""A message for Slack: what it says, and that nothing of a target becomes markup."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.news import Answer
from sinks.slack import message
from tests.unit.notifications.tellings import HOSTILE, judged, telling

OUR_LINK = re.compile(r"<https://reports\.example/[^<>|]*\|Open the report>")


def texts(value: Any) -> Iterator[str]:
    """Every text that Slack would read as markup."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from [one] if key == "text" and isinstance(one, str) else texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)


def test_before_the_verdict_it_says_why_there_is_a_report() -> None:
    said = message(telling())
    assert said["text"] == "Stall of demo: captured: an iteration runs for 12 s, above 5 s"
    assert "12 s of 5 s" in str(said)


def test_once_judged_it_says_the_verdict_and_where_the_report_is() -> None:
    said = message(judged(link="https://reports.example/a b?x=1&y=2"))
    words = "\n".join(texts(said))
    for wanted in ("It waited for a name.", "dns (high confidence)", "dns-1a2b", "cluster=prod", "13 s"):
        assert wanted in words
    assert "<https://reports.example/a b?x=1&amp;y=2|Open the report>" in words


def test_a_place_that_is_no_url_is_told_in_words() -> None:
    assert "s3://stalls/demo" in str(message(judged(link="s3://stalls/demo")))
    assert "|Open" not in str(message(judged(link="javascript:alert(1)")))


def test_a_drill_says_that_it_is_one() -> None:
    assert message(telling(drill=True))["text"].startswith("loopcam drill of demo")


@pytest.mark.threat("xss")
@pytest.mark.parametrize("field", ["target", "host", "reason", "function", "signature", "outcome", "link"])
def test_nothing_of_a_target_becomes_markup_or_calls_anybody(field: str) -> None:
    assert_harmless(message(judged(**{field: HOSTILE, "function_share": 0.5})))
    assert_harmless(message(telling(**{field: HOSTILE})))


@given(st.text(max_size=3000))
def test_no_text_does_whatever_it_holds(text: str) -> None:
    answer = Answer(cause=text, confidence=text, sentence=text, signature=text, remedy=text)
    said = judged(verdict=answer, labels={text: text}, function=text, function_share=1.0, reason=text)
    assert_harmless(message(said))
    assert_taken(message(said))


@pytest.mark.parametrize("letter", ["&", "<", "@here ", "x", " "])
def test_slack_takes_it_however_long_names_are(letter: str) -> None:
    text = letter * 9000
    answer = Answer(cause=text, confidence=text, sentence=text, signature=text, remedy=text)
    assert_taken(message(judged(verdict=answer, labels={text: text}, target=text, link=f"https://x/{text}")))
    assert_taken(message(telling(target=text, reason=text, host=text, link=text)))


def assert_taken(said: dict[str, Any]) -> None:
    """A block has 3000 letters at most, a field 2000: else Slack refuses all of it."""
    for block in said["blocks"]:
        assert all(0 < len(one["text"]) <= 2000 for one in block.get("fields", ()))
        assert all(len(text) <= 3000 for text in texts(block))


def assert_harmless(said: dict[str, Any]) -> None:
    for text in texts(said):
        rest = OUR_LINK.sub("", text)
        assert "<" not in rest
        assert ">" not in rest
        assert not re.search(r"&(?!(amp|lt|gt);)", rest)
        assert not re.search(r"@(channel|here|everyone)\b", rest, re.IGNORECASE)
