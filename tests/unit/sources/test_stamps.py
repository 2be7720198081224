from hypothesis import given
from hypothesis import strategies as st

from daemon.sources.log.contract import Piece
from daemon.sources.log.readers.stamps import MAX_LINE_BYTES, Stamped
from tests.sources import Noted

BEGAN_NS = 1_700_000_000_500_000_000
SECOND = b"2023-11-14T22:13:"


def stamp(ns: int) -> bytes:
    """A time as the kubelet writes it, within the minute that BEGAN_NS is in."""
    seconds, rest = divmod(ns - BEGAN_NS + 500_000_000 + 20 * 10**9, 10**9)
    return SECOND + b"%02d.%09dZ" % (seconds, rest)


def text(pieces: list[Piece]) -> bytes:
    return b"".join(piece.data for piece in pieces)


def test_times_come_off_whole_lines_only() -> None:
    stamped = Stamped(Noted(), BEGAN_NS)
    stamped.connect()
    assert list(stamped.pieces(stamp(BEGAN_NS) + b" half")) == []
    assert text(list(stamped.pieces(b" a line\n"))) == b"half a line\n"
    assert text(list(stamped.pieces(stamp(BEGAN_NS + 5) + b" last", ends=True))) == b"last\n"


def test_the_first_connection_asks_for_nothing_that_was_before() -> None:
    stamped = Stamped(Noted(), BEGAN_NS)
    assert stamped.connect() == {"tailLines": "0"}
    assert stamped.connect() == {"sinceTime": "2023-11-14T22:13:20Z"}
    assert list(stamped.pieces(stamp(BEGAN_NS - 1) + b" before\n")) == []


def test_lines_of_before_are_read_and_are_not_fresh() -> None:
    note = Noted(f"{BEGAN_NS - 9 * 10**9} 1")
    stamped = Stamped(note, BEGAN_NS)
    assert stamped.connect() == {"sinceTime": "2023-11-14T22:13:11Z"}
    lines = [(-9 * 10**9, b"known"), (-5, b"missed"), (0, b"now"), (-1, b"other clock")]
    data = b"".join(stamp(BEGAN_NS + ns) + b" " + word + b"\n" for ns, word in lines)
    old, fresh = stamped.pieces(data)
    assert (old.data, old.fresh) == (b"missed\n", False)
    assert (fresh.data, fresh.fresh) == (b"now\nother clock\n", True)


def test_a_zone_other_than_utc_is_the_same_time() -> None:
    note = Noted()
    stamped = Stamped(note, BEGAN_NS)
    stamped.connect()
    list(stamped.pieces(b"2023-11-15T00:13:21.000000001+02:00 x\n"))
    assert note.text == "1700000001000000001 1"


def test_what_has_no_time_is_not_the_containers() -> None:
    stamped = Stamped(Noted(), BEGAN_NS)
    stamped.connect()
    assert list(stamped.pieces(b"failed to watch file\n\n2023 x\n\xff\xfe \xff\n")) == []


def test_a_line_without_end_is_not_kept() -> None:
    stamped = Stamped(Noted(), BEGAN_NS)
    stamped.connect()
    assert list(stamped.pieces(stamp(BEGAN_NS) + b" " + b"x" * MAX_LINE_BYTES)) == []
    after = stamp(BEGAN_NS + 1) + b" after\n"
    assert text(list(stamped.pieces(b"still the same\n" + after))) == b"after\n"


@given(
    steps=st.lists(st.integers(-2, 3), min_size=1, max_size=30),
    cuts=st.lists(st.integers(0, 1500), max_size=4),
    chunk=st.integers(1, 200),
)
def test_however_often_it_is_cut_every_line_comes_once(steps: list[int], cuts: list[int], chunk: int) -> None:
    """Times repeat, and go back a little where two streams meet."""
    at, lines = BEGAN_NS + 10, []
    for number, step in enumerate(steps):
        at = max(BEGAN_NS, at + step)
        lines.append(stamp(at) + b" line %d\n" % number)
    whole, note, found = b"".join(lines), Noted(), []
    for restarts, cut in enumerate([*cuts, len(whole)]):
        if restarts % 2 == 0:
            stamped = Stamped(note, BEGAN_NS)  # the daemon was started anew
        stamped.connect()
        for begin in range(0, min(cut, len(whole)), chunk):
            found += stamped.pieces(whole[begin : min(begin + chunk, cut)])
    assert text(found) == b"".join(b"line %d\n" % number for number in range(len(steps)))
