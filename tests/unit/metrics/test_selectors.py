"""Series in Prometheus' notation."""

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.sources.metrics.selectors import Selector, SelectorError
from tests.unit.metrics.scrapes import sample


def picks(text: str, **labels: str) -> bool:
    return any(True for _ in Selector(text).picked([sample("a_b", 1, **labels)]))


@pytest.mark.parametrize(
    ("text", "labels", "fits"),
    [
        ("a_b", {"x": "1"}, True),
        ("a_c", {}, False),
        ("a_b{}", {"x": "1"}, True),
        ('a_b{x="1"}', {"x": "1", "y": "2"}, True),
        (' a_b { x = "1" , y != "3", } ', {"x": "1", "y": "2"}, True),
        ('a_b{x="1"}', {"x": "11"}, False),
        ('a_b{x!="1"}', {"x": "1"}, False),
        ('a_b{x!="1"}', {}, True),
        ('a_b{x=""}', {}, True),
        ('a_b{x=~"1|2"}', {"x": "2"}, True),
        ('a_b{x=~"1|2"}', {"x": "21"}, False),
        ('a_b{x=~"1.*",x!~".*9"}', {"x": "129"}, False),
        ('a_b{x=~"ä."}', {"x": "äß"}, True),
        ('a_b{x!~"1|2"}', {"x": "3"}, True),
        ('a_b{x="a}b,c=\\"d\\"\\\\\\n"}', {"x": 'a}b,c="d"\\\n'}, True),
    ],
)
def test_a_selector_picks_what_prometheus_would_pick(text: str, labels: dict[str, str], fits: bool) -> None:
    assert picks(text, **labels) is fits


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "such as loop_runs_total"),
        ('{x="1"}', "such as"),
        ("a-b", "such as"),
        ("a_b[5m]", "such as"),
        ('a_b{x="1"} offset 5m', "such as"),
        ("rate(a_b)", "such as"),
        ("a_b{x=1}", "`x=1`: label="),
        ("a_b{x='1'}", "label="),
        ('a_b{x="1" y="2"}', "label="),
        ('a_b{x=="1"}', "label="),
        ('a_b{x="1', "such as"),
        (r'a_b{x="\d"}', "of escapes"),
        ('a_b{x=~"("}', "regular expression"),
        ('a_b{x=~"a(?!b)"}', "look-around"),
        ('a_b{x=~"a)|(b"}', "regular expression"),
    ],
)
def test_what_is_no_selector_is_told(text: str, words: str) -> None:
    with pytest.raises(SelectorError, match=re.escape(words)):
        Selector(text)


@given(st.text(max_size=60))
def test_any_text_is_a_selector_or_an_error(text: str) -> None:
    with suppress(SelectorError):
        assert Selector(text).name


def test_the_same_labels_under_another_name() -> None:
    assert Selector('a_count{x="{"}').beside("a_sum").text == 'a_sum{x="{"}'
