"""The table of faults: every row is proved by tests, and the page says by which."""

from pathlib import Path

import pytest

from tests.faults.results import put
from tests.faults.table import README, page, proofs


def test_every_row_has_a_test() -> None:
    assert [row for row, files in proofs().items() if not files] == []


def test_the_page_is_as_it_is_generated() -> None:
    assert README.read_text() == page(), "make docs"


def test_the_printed_tables_have_each_their_place_in_the_page_of_reliability() -> None:
    page = Path("docs/reliability.md").read_text()
    once = put(page, ["of make faults"], soak=False)
    both = put(once, ["of make soak"], soak=True)
    assert both.count("\nof make faults\n") == both.count("\nof make soak\n") == 1
    assert put(both, ["newer"], soak=False).count("of make faults\n") == 0
    with pytest.raises(ValueError, match="needs"):
        put("", [], soak=False)
