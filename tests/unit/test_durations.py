"""The last durations of a target's iterations."""

from hypothesis import given
from hypothesis import strategies as st

from daemon.watch.durations import REMEMBERED, Durations

seconds = st.floats(0, 1e6)


@given(st.lists(seconds, max_size=3 * REMEMBERED))
def test_the_last_are_known_oldest_first(durations_s: list[float]) -> None:
    known = Durations()
    for duration_s in durations_s:
        known.add(duration_s)
    assert known.oldest_first() == tuple(round(each, 6) for each in durations_s[-REMEMBERED:])
