"""Marks in a text that comes in pieces: the same for any cutting, in bounded memory."""

import json
import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.sources.log.contract import MARK_BYTES, Mark
from daemon.sources.log.feed import LogFeed, make_feed
from daemon.sources.log.options import Log
from model.events import EventKind
from model.units import ByteSize

STAMP = b"2026-11-21T10:00:00.123456789Z"
SMALL = 256

Told = tuple[str, str | None, float | None]


def options(**changed: object) -> Log:
    usual: dict[str, object] = {
        "path": "/x.log",
        "start": (r"\bloop (?P<iteration>\w+) begins",),
        "end": (r"\bloop (?P<iteration>\w+) took (?P<duration>\S+)",),
        "max_line_bytes": ByteSize(SMALL),
    }
    return Log(**(usual | changed))  # type: ignore[arg-type]


def feed(**changed: object) -> LogFeed:
    return make_feed(options(**changed))


def told(marks: list[Mark]) -> list[Told]:
    return [(mark.kind.value, mark.iteration, mark.duration_s) for mark in marks]


def marks(text: bytes, cuts: list[int] | None = None, **changed: object) -> list[Told]:
    """What a feed says of a text that comes in pieces, cut at some places."""
    return counted(text, cuts, **changed)[0]


def counted(text: bytes, cuts: list[int] | None = None, **changed: object) -> tuple[list[Told], int]:
    """The same, with how many lines were too long."""
    one, found = feed(**changed), []
    places = [0, *(cuts or []), len(text)]
    for start, end in pairwise(places):
        found += one.take(text[start:end])
    found += one.take(b"", ends=True)
    assert one.pending_bytes == 0
    return told(found), one.truncated_lines


def cri(text: bytes, tag: bytes = b"F", stream: bytes = b"stdout") -> bytes:
    return b" ".join([STAMP, stream, tag, text]) + b"\n"


def docker(text: str, stream: str = "stdout") -> bytes:
    entry = {"log": text, "stream": stream, "time": STAMP.decode()}
    return json.dumps(entry, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


PLAIN = (
    b"noise\r\n\r\n\n"
    b"I0101 loop a begins\r\n"
    b"caf\xc3\xa9 \xff\xfe loop b took 1m2.5s \xf0\x9f\x98\x80\n"
    + b"\0" * 40
    + b"loop c begins\n"
    + b"x" * (SMALL - 13)
    + b" loop d begins\n"  # longer than allowed, and cut within
    + b"loop e begins"
    + b"y" * SMALL
    + b"\n"
    b"loop f took 350ms"
)
PLAIN_TOLD = [
    ("start", "a", None),
    ("end", "b", 62.5),
    ("start", "c", None),
    ("start", "e", None),
    ("end", "f", 0.35),
]

CRI = (
    cri(b"I0101 loop a begins")
    + cri(b"noise lo", b"P")
    + cri(b"loop b took 2s", stream=b"stderr")
    + cri(b"op c be", b"P")
    + cri(b"gins")
    + b"a line of somebody else: loop d begins\n"
    + cri(b"")
    + cri(b"stdout P is no part")
    + cri(b"lo", b"P", b"stderr")
    + cri(b"op h begins", b"F", b"stderr")
    + cri(b"loop e be", b"P", b"stderr")
    + cri(b"loop f begins")
    + cri(b"loop g begins with its rest still to co", b"P")
)
CRI_TOLD = [
    ("start", "a", None),
    ("end", "b", 2.0),
    ("start", "c", None),
    ("start", "d", None),
    ("start", "h", None),
    ("start", "f", None),
    ("start", "g", None),
]

DOCKER = (
    docker('quoted "loop a begins"\n')
    + docker("noise lo")
    + docker("loop b took 2s\n", "stderr")
    + docker("op c begins\n")
    + docker("no <loop> of é\n")
    + b'{"log":"loop d begins\n'  # damaged: taken as it is
    + docker("loop e begins\\n")
)
DOCKER_TOLD = [
    ("start", "a", None),
    ("end", "b", 2.0),
    ("start", "c", None),
    ("start", "d", None),
    ("start", "e", None),
]

TEXTS = [
    pytest.param(PLAIN, PLAIN_TOLD, id="plain"),
    pytest.param(CRI, CRI_TOLD, id="cri"),
    pytest.param(DOCKER, DOCKER_TOLD, id="docker"),
]


@pytest.mark.parametrize(("text", "expected"), TEXTS)
def test_a_whole_text_gives_its_marks(text, expected):
    assert marks(text) == expected


@pytest.mark.fault("L8")
@pytest.mark.parametrize(("text", "expected"), TEXTS)
def test_every_place_to_cut_gives_the_same_marks(text, expected):
    for place in range(len(text) + 1):
        assert marks(text, [place]) == expected, place


@pytest.mark.fault("L8")
@pytest.mark.parametrize(("text", "expected"), TEXTS)
def test_byte_by_byte_gives_the_same_marks(text, expected):
    assert marks(text, list(range(len(text)))) == expected


@pytest.mark.parametrize(("text", "expected"), TEXTS)
def test_patterns_that_need_every_line_give_the_same_marks(text, expected):
    """A literal that can be told makes lines be skipped: which never changes what is found."""
    changed = {
        "start": (r"(?i)\bLOOP (?P<iteration>\w+) BEGINS",),
        "end": (r"(?i)\bLOOP (?P<iteration>\w+) TOOK (?P<duration>\S+)",),
    }
    assert marks(text, **changed) == expected
    assert marks(text, [len(text) // 3, len(text) // 2], **changed) == expected


@pytest.mark.fault("L7")
@pytest.mark.parametrize("framed", [b"", STAMP + b" stdout F "], ids=["plain", "cri"])
def test_a_line_of_a_megabyte_is_looked_at_up_to_the_bound_and_counted(framed):
    text = framed + b"loop a begins " + b"z" * 2**20 + b" loop b begins\n" + framed + b"loop c begins\n"
    for size in (100, 4096, 2**18, len(text)):
        one, found = feed(), []
        for at in range(0, len(text), size):
            found += one.take(text[at : at + size])
        assert told(found) == [("start", "a", None), ("start", "c", None)]
        assert one.truncated_lines == 1
        assert one.pending_bytes == 0


def test_what_is_kept_of_an_endless_line_is_bounded_while_its_length_is_told():
    one = feed(format="plain")
    for _ in range(1000):
        one.take(b"z" * 1000)
    assert one.pending_bytes == 1_000_000
    assert len(one._cutter._pending) <= SMALL + 1
    assert told(one.take(b"\nloop a begins\n")) == [("start", "a", None)]
    assert one.pending_bytes == 0


@pytest.mark.fault("L8")
def test_a_hole_of_a_gigabyte_costs_nothing():
    one = feed(format="plain")
    for _ in range(1024):
        one.take(b"\0" * 2**20)
    assert one.pending_bytes == 2**30
    assert told(one.take(b"loop a begins\n")) == [("start", "a", None)]


@pytest.mark.fault("L7")
def test_joined_parts_are_bounded_and_counted():
    one = feed()
    text = b"".join(cri(b"loop a begins " + b"z" * 100, b"P") for _ in range(10_000)) + cri(b"end")
    assert told(one.take(text)) == [("start", "a", None)]
    assert one.truncated_lines == 1


@pytest.mark.fault("L7")
def test_bytes_of_parts_without_their_last_are_pending():
    """Whoever resumes there sees the whole line again."""
    one, first = feed(), cri(b"noise") + cri(b"loop a be", b"P") + cri(b"noise", stream=b"stderr")
    assert one.take(first) == []
    assert one.pending_bytes == len(first) - len(cri(b"noise"))
    assert one.take(cri(b"still noise", stream=b"stderr")) == []
    assert one.pending_bytes == len(first) - len(cri(b"noise")) + len(cri(b"still noise", stream=b"stderr"))
    assert told(one.take(cri(b"gins"))) == [("start", "a", None)]
    assert one.pending_bytes == 0


@pytest.mark.fault("L7")
def test_a_part_whose_rest_does_not_come_is_a_line_after_a_while():
    now = [0.0]
    one = make_feed(options(), now=lambda: now[0])
    assert one.take(cri(b"loop a begins", b"P")) == []
    now[0] = 4.9
    assert one.take(b"") == []
    now[0] = 5.0
    assert told(one.take(b"")) == [("start", "a", None)]
    assert one.pending_bytes == 0
    assert told(one.take(cri(b"loop b begins"))) == [("start", "b", None)]


def test_an_end_of_the_text_gives_what_is_left_of_it():
    one = feed()
    assert one.take(b"loop a beg") == []
    assert told(one.take(b"ins", ends=True)) == [("start", "a", None)]
    assert told(one.take(b"ins\nloop b begins\n")) == [("start", "b", None)]


def test_the_format_is_told_by_the_first_line_of_each_text():
    one = feed()
    assert told(one.take(b"\n \n" + CRI, ends=True)) == CRI_TOLD
    assert told(one.take(PLAIN, ends=True)) == PLAIN_TOLD
    assert told(one.take(DOCKER, ends=True)) == DOCKER_TOLD


def test_a_configured_format_is_not_guessed():
    text = cri(b"a loop a begins")
    assert marks(text, start=(r"^a loop (?P<iteration>\w+)",), format="cri") == [("start", "a", None)]
    assert marks(text, start=(r"^a loop (?P<iteration>\w+)",), format="plain") == []


def test_stamps_before_a_line_do_not_disturb():
    """As `kubectl logs --timestamps` and `stern` write them."""
    assert marks(STAMP + b" I0101 loop a begins\npod-1 main | loop b begins\n") == [
        ("start", "a", None),
        ("start", "b", None),
    ]


def test_a_line_says_one_thing_the_first_that_matches():
    both = {"start": ("loop",), "end": ("loop .* ends",), "idle": ("loop rests",)}
    assert marks(b"loop a ends\nloop rests\n", **both) == [("start", None, None)] * 2


def test_a_mark_holds_the_start_of_its_line_with_the_frame():
    (mark,) = feed(max_line_bytes=ByteSize(2**16)).take(cri(b"loop a begins " + b"z" * 8000))
    assert mark.line.startswith(STAMP)
    assert len(mark.line) == MARK_BYTES


def test_a_name_may_be_made_of_several_groups():
    text = b"[ns/a] timer 'x' begins\n"
    name = (r"\[(?P<iteration>[^\]]+)\] timer '(?P<iteration_2>[^']+)' begins",)
    assert marks(text, start=name) == [("start", "ns/a x", None)]


@pytest.mark.fault("L8")
@pytest.mark.parametrize("bad", [b"\xff\xfe", b"\xc3", b"\x80" * 10, b"\xed\xa0\x80"])
def test_bytes_that_are_no_utf_8_do_not_hide_a_mark(bad):
    assert marks(bad + b" loop a begins " + bad + b"\n") == [("start", "a", None)]
    assert marks(b"loop a " + bad + b"\n", start=("loop a .+$",)) == [("start", None, None)]


def test_patterns_of_other_than_ascii_match_characters():
    assert marks("Durchlauf größer\n".encode(), start=("gr[öo][sß]+er",)) == [("start", None, None)]


WORDS = [b"loop a begins", b"loop b took 1.5s", b"loop", b" ", b"\r", b"\n", b"\n", b"\0", b"\xff", b"x" * 70]
PIECES = [
    cri(b"lo", b"P"),
    cri(b"op a begins"),
    cri(b"loop a took 1s", stream=b"stderr"),
    STAMP,
    b" stdout P ",
]
JSONS = [docker("lo"), docker("op a begins\n"), docker("x\n", "stderr"), b'{"log":"', b'\\n","stream"']


@given(
    st.lists(st.sampled_from([*WORDS, *PIECES, *JSONS]) | st.binary(max_size=20), max_size=60),
    st.sampled_from([b"", cri(b"first"), docker("first\n")]),
    st.randoms(use_true_random=False),
)
def test_any_garbage_in_any_pieces_gives_the_marks_of_the_whole(
    words: list[bytes], first: bytes, luck: random.Random
):
    text = first + b"".join(words)
    cuts = sorted(luck.randrange(len(text) + 1) for _ in range(luck.randrange(12)))
    assert counted(text, cuts) == counted(text)
    every = {"start": (r"(?i)\bloop (?P<iteration>\w+) begins",)}
    assert marks(text, cuts, **every) == marks(text)


@given(st.lists(st.sampled_from(WORDS) | st.binary(max_size=300), max_size=60))
def test_what_is_found_in_a_plain_text_is_what_its_lines_hold(words: list[bytes]):
    text = b"".join(words)
    expected = [EventKind.START for line in text.split(b"\n") if _starts(line)]
    found = [
        kind for kind, *_ in marks(text, format="plain", start=(r"\bloop \w+ begins",)) if kind == "start"
    ]
    assert found == expected


def _starts(line: bytes) -> bool:
    start = line.lstrip(b"\0")[:SMALL]
    places = [at for at in range(len(start)) if start.startswith(b"loop a begins", at)]
    return any(at == 0 or not (start[at - 1 : at].isalnum() or start[at - 1 : at] == b"_") for at in places)


def test_a_line_that_a_trigger_waits_for_says_what_it_says_of_iterations_as_well() -> None:
    text = b"loop 1 begins\nloop 1 took 5s: deadline exceeded\nlater: deadline exceeded\nloop 2 begins\n"
    found = make_feed(options(), ("deadline", "never")).take(text)
    assert [(mark.watched, mark.kind.value if not mark.watched else "") for mark in found] == [
        ("", "start"),
        ("deadline", ""),
        ("", "end"),
        ("deadline", ""),
        ("", "start"),
    ]
