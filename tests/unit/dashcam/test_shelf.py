"""What a ring holds, and what it lets go of."""

from hypothesis import given
from hypothesis import strategies as st

from daemon.dashcam.shelf import Piece, Shelf
from model.capture import Dump

KEEP_S, MOST_BYTES = 120.0, 1000


def piece(ended_s: float, size_bytes: int = 10, lasted_s: float = 5.0) -> Piece:
    path = f"evidence/{ended_s}-{size_bytes}"
    return Piece(paths=(path,), started_s=ended_s - lasted_s, ended_s=ended_s, size_bytes=size_bytes)


def look(at_s: float, size_bytes: int) -> Piece:
    dump = Dump(path=f"evidence/{at_s}", states_path=None, sampler="pyspy", at_s=at_s)
    return Piece(paths=(dump.path,), started_s=at_s, ended_s=at_s, size_bytes=size_bytes, dump=dump)


def shelf(*pieces: Piece) -> Shelf:
    found = Shelf()
    for one in pieces:
        found.put(one)
    return found


def test_what_is_too_old_falls_off():
    old, new = piece(100.0), piece(200.0)
    held = shelf(old, new)
    assert list(held.drop(KEEP_S, MOST_BYTES, 225.0)) == [old]
    assert (list(held), held.size_bytes) == ([new], 10)


def test_what_is_too_much_falls_off_the_oldest_first():
    pieces = [piece(100.0 + at, size_bytes=400) for at in range(3)]
    held = shelf(*pieces)
    assert list(held.drop(KEEP_S, MOST_BYTES, 103.0)) == pieces[:1]
    assert held.size_bytes == 800


def test_large_looks_do_not_push_out_what_was_recorded():
    recorded = [piece(100.0 + at, size_bytes=50) for at in range(3)]
    looks = [look(100.5 + at, size_bytes=300) for at in range(3)]
    held = shelf(*(one for both in zip(recorded, looks, strict=True) for one in both))
    assert list(held.drop(KEEP_S, MOST_BYTES, 103.0)) == looks[:1]
    held.put(look(104.0, size_bytes=MOST_BYTES - 10))
    held.drop(KEEP_S, MOST_BYTES, 104.0)
    assert list(held) == recorded


def test_small_looks_stay_as_long_as_what_was_recorded():
    pieces = [look(100.0, 50), piece(101.0, 400), look(102.0, 50), piece(103.0, 400), piece(104.0, 400)]
    held = shelf(*pieces)
    held.drop(KEEP_S, MOST_BYTES, 104.0)
    assert list(held) == pieces[2:]


def test_the_pieces_that_cover_a_span():
    first, second, third = (piece(at) for at in (105.0, 110.0, 115.0))
    held = shelf(first, second, third)
    assert held.covering(106.0, 109.0) == (second,)
    assert held.covering(104.0, 106.0) == (first, second)
    assert held.covering(116.0, 120.0) == ()


def test_how_far_back_it_reaches():
    assert shelf().held_s(100.0) == 0
    assert shelf(piece(100.0), piece(110.0)).held_s(112.0) == 17.0


@given(st.lists(st.tuples(st.floats(0, 50), st.integers(0, 1200), st.booleans()), max_size=40))
def test_it_is_bounded_whatever_comes(steps: list[tuple[float, int, bool]]):
    held, now_s = Shelf(), 0.0
    for passed_s, size_bytes, looked in steps:
        now_s += passed_s
        held.put(look(now_s, size_bytes) if looked else piece(now_s, size_bytes))
        held.drop(KEEP_S, MOST_BYTES, now_s)
        assert held.size_bytes == sum(one.size_bytes for one in held) <= MOST_BYTES
        assert all(one.ended_s >= now_s - KEEP_S for one in held)
