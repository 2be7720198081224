"""A duration against the usual one, in words."""

import pytest

from model.history import History, measured


def history(median_s: float, iterations: int = 1234) -> History:
    return History(iterations=iterations, median_s=median_s, p90_s=1, p99_s=1, most_s=1)


@pytest.mark.parametrize(
    ("duration_s", "median_s", "expected"),
    [
        (12.0, 0.3, "40 times the median (300 ms, of 1,234 healthy iterations)"),
        (0.45, 0.1519061, "3.0 times the median (152 ms, of 1,234 healthy iterations)"),
        (3600.0, 0.0123456, "291,602 times the median (12.3 ms, of 1,234 healthy iterations)"),
    ],
)
def test_a_duration_is_measured(duration_s: float, median_s: float, expected: str) -> None:
    assert measured(history(median_s), duration_s) == expected


def test_one_iteration_is_singular() -> None:
    assert measured(history(1.0, 1), 2.0).endswith("of 1 healthy iteration)")
