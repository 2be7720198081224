"""The table of threats: every row is proved by tests, and the page says by which."""

from tests.security.table import PAGE, page, proofs


def test_every_threat_has_a_test() -> None:
    assert [row for row, files in proofs().items() if not files] == []


def test_the_page_is_as_it_is_generated() -> None:
    assert PAGE.read_text() == page(), "make docs"
