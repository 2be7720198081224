"""Every parser takes its examples, and refuses anything else in words of its own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS, fire


@st.composite
def damaged(draw: st.DrawFn, seeds: tuple[bytes, ...]) -> bytes:
    """An example with something cut out of it and something put in."""
    seed = draw(st.sampled_from(seeds))
    start = draw(st.integers(0, len(seed)))
    end = draw(st.integers(start, min(len(seed), start + 40)))
    return (
        seed[:start]
        + draw(st.binary(max_size=8) | st.sampled_from([b"-1", b"1e999", b"null", b"[", b'"']))
        + seed[end:]
    )


@pytest.mark.parametrize("name", TARGETS)
def test_examples_are_taken(name: str) -> None:
    for seed in TARGETS[name].seeds:
        TARGETS[name].run(seed)


@pytest.mark.parametrize("name", TARGETS)
def test_anything_else_is_taken_or_refused(name: str) -> None:
    target = TARGETS[name]

    @given(damaged(target.seeds) | st.binary(max_size=200))
    def fired(data: bytes) -> None:
        fire(target, data)

    fired()
