"""The table of faults: every row is proved by tests, and the page says by which."""

from tests.faults.table import README, page, proofs


def test_every_row_has_a_test() -> None:
    assert [row for row, files in proofs().items() if not files] == []


def test_the_page_is_as_it_is_generated() -> None:
    assert README.read_text() == page(), "make docs"
