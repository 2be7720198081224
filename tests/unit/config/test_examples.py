"""The examples say what they need before anybody starts them."""

import re
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[3] / "docs" / "examples").glob("*.yaml"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_the_first_comment_names_what_must_be_in_the_environment(example: Path) -> None:
    text = example.read_text()
    comment = re.match(r"(#.*\n)+", text)
    assert comment
    names = set(re.findall(r"\$\{(\w+)", text))
    assert {name for name in names if not re.search(rf"\b{name}\b", comment[0])} == set()
    assert "in the environment" in comment[0]
