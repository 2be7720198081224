"""Columns of whole numbers come back as they were."""

from hypothesis import given
from hypothesis import strategies as st

from report.page.columns import column, values


@given(st.lists(st.integers(-(2**52), 2**52)))
def test_numbers_come_back(numbers: list[int]) -> None:
    assert values(column(numbers)) == numbers


def test_small_numbers_take_a_byte() -> None:
    assert len(column([1] * 300)) == 400
