"""The manifest's JSON Schema in the documentation."""

from report import schema


def test_the_schema_in_the_documentation_is_current() -> None:
    assert schema.FILE.read_bytes() == schema.text(), "run: python -m report.schema"
