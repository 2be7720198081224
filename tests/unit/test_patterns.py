"""Regular expressions of users: what is read, what is refused and why, and what every match holds."""

import contextlib
import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.patterns.literals import literals
from daemon.patterns.regex import PatternError, compiled
from daemon.patterns.search import search

EVIL = [  # what stalls a matcher that backtracks
    (r"(a+)+$", b"a" * 65_535 + b"!"),
    (r".*?duration=.*?ms.*?loop.*?end$", b"duration=ms loop " * 4_000),
    (r"(x+x+)+y", b"x" * 65_536),
]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a(?=b)", "`(?=` at character 2; look-around is not read"),
        ("(?<!a)b", "`(?<!` at character 1; look-around is not read"),
        (r"(a)\1", r"`\1` at character 4; back-references are not read"),
        ("(?P<x>a)(?P=x)", "`(?P=` at character 9; back-references are not read"),
        ("(?>a)", "atomic groups are not read, nor needed"),
        ("ba++", "`++` at character 3; possessive repetition is not read"),
        (r"end\Z", r"the end of the line is written $ or \z"),
        ("(?x)a", "without comments"),
        ("a(", "missing )"),
        ("[a", "missing ]"),
        ("*a", "no argument for repetition operator `*` at character 1"),
        ("a{1001}", "invalid repetition size `{1001}` at character 2"),
        ("[é]{900}", "too large"),
    ],
)
def test_what_is_not_read_is_told_with_its_place_and_what_to_write(text, told):
    with pytest.raises(PatternError) as caught:
        compiled(text)
    assert told in str(caught.value)


@pytest.mark.threat("redos")
@pytest.mark.parametrize(("text", "line"), EVIL)
def test_a_pattern_that_would_stall_a_backtracking_matcher_takes_no_time(text, line):
    pattern, started_s = compiled(text), time.thread_time()
    pattern.search(line)
    assert time.thread_time() - started_s < 0.05


def test_the_largest_pattern_on_the_longest_line_takes_less_than_a_few_seconds():
    pattern = compiled("(?:a|b)*a(?:a|b){700}c")
    line, started_s = bytes(random.Random(7).choices(b"ab", k=65_536)), time.thread_time()
    pattern.search(line)
    assert time.thread_time() - started_s < 5


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"\bStarting main loop$", [b"Starting main loop"]),
        (r'(?:\] "?|"msg": ?")Starting(?:"|$)', [b"Starting"]),
        ("Lock owner: .+; I am |DCS is down", [b"Lock owner: ", b"DCS is down"]),
        ("(?:took|used) x+ms", [b"took", b"used"]),
        ("(one )(two)", [b"one two"]),
        ("foo(?:bar)?baz+", [b"foo"]),
        ("(?:abc){2}", [b"abc"]),
        ("é+ü", ["é".encode()]),
        ("(?i)abc", []),
        ("a(?i:bc)d", [b"a"]),
        ("a|", []),
        ("a*", []),
        (".", []),
        ("[[:alpha:]]x", []),
        (r"\Qa.b\E", []),
    ],
)
def test_the_text_that_every_match_holds_is_told(text, expected):
    assert list(literals(text)) == expected


ATOMS = st.sampled_from(
    [
        "a",
        "b",
        "ab",
        ".",
        "[ab]",
        "^",
        "$",
        r"\b",
        "a|b",
        "(?:a)",
        "(b)",
        "(?i:A)",
        "(?:|a)",
        "é",
        r"\x61",
        r"\.",
    ]
)
TIMES = st.sampled_from(["", "", "?", "*", "+", "{2}", "{0,1}", "{,2}", "+?"])
PATTERNS = st.recursive(
    st.builds(str.__add__, ATOMS, TIMES),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).map("".join)
        | st.builds("(?:{}|{}){}".format, inner, inner, TIMES)
    ),
    max_leaves=8,
)


@given(PATTERNS, st.lists(st.sampled_from(["a", "b", "A", "é", ".", " ", "{,2}", "\\"]), max_size=12))
def test_a_line_that_matches_always_holds_the_text(pattern, pieces):
    line = "".join(pieces).encode()
    try:
        matches = compiled(pattern).search(line) is not None
    except PatternError:
        return
    if matches and (texts := literals(pattern)):
        assert any(text in line for text in texts)


@given(st.text(max_size=40))
def test_any_text_is_a_pattern_or_refused(pattern):
    with contextlib.suppress(PatternError):
        compiled(pattern)
    assert all(literals(pattern))


def test_a_search_finds_texts_also_where_they_are_no_unicode():
    assert search("python.*scaler").occurs(b"/usr/bin/python /scaler.py")
    assert not search("python.*scaler").occurs(b"/usr/bin/python /x.py")
    assert search("scaler").occurs(b"\xff scaler")
