"""Lines are skipped by a text that a pattern holds, unread: which never changes what is found."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.sources.log.cutter import block_of
from daemon.sources.log.feed import make_feed
from daemon.sources.log.formats import Cri, Docker, Format
from daemon.sources.log.options import Log

STAMP = "2026-11-21T10:00:00.123456789Z"
LETTERS = st.text('ab"<>&\\\t/é\u2028\x7f', max_size=6)
WHOLE = st.booleans()
MOST = 2**16


def go_json(text: str) -> str:
    """As Docker's encoder writes it."""
    said = json.dumps(text, ensure_ascii=False)
    for one in "<>&\u2028":
        said = said.replace(one, f"\\u{ord(one):04x}")
    return said


def docker(text: str, whole: bool) -> bytes:
    end = "\n" if whole else ""
    return f'{{"log":{go_json(text + end)},"stream":"stdout","time":"{STAMP}"}}\n'.encode()


def cri(text: str, whole: bool) -> bytes:
    return f"{STAMP} stdout {'F' if whole else 'P'} {text}\n".encode()


@pytest.mark.parametrize(("make", "write"), [(Docker, docker), (Cri, cri)])
@given(
    literal=LETTERS.filter(bool),
    texts=st.lists(st.tuples(st.lists(LETTERS | st.none(), max_size=4), WHOLE), max_size=8),
)
def test_the_lines_that_hold_a_literal_are_all_found(
    make: type[Cri] | type[Docker], write: object, literal: str, texts: list[tuple[list[str | None], bool]]
) -> None:
    assert callable(write)
    lines = ["".join(literal if part is None else part for part in parts) for parts, _ in texts]
    log = b"".join(write(line, whole) for line, (_, whole) in zip(lines, texts, strict=True))
    sought = literal.encode()

    def found(form: Format, by: tuple[bytes, ...]) -> list[bytes]:
        read = [*form.lines(block_of(log), by, 0.0), *form.rest(0.0, ends=True)]
        return [line for line, _ in read if sought in line]

    assert found(make(MOST), (sought,)) == found(make(MOST), ())


@given(literal=LETTERS.filter(str.strip), before=LETTERS, after=LETTERS)
def test_a_pattern_is_found_however_json_writes_it(literal: str, before: str, after: str) -> None:
    feed = make_feed(Log(path="/x.log", start=(re.escape(literal),), idle_allowance=None, end=("never",)))
    log = docker("first", True) + docker(f"{before}{literal}{after}", True)
    assert len(feed.take(log)) == 1
