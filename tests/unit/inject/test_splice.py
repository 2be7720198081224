"""Changes in the text of a document: what they make, and that everything around them stays."""

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from daemon.inject.errors import ManifestError
from daemon.inject.plain import composed, plain
from daemon.inject.splice import spliced

COMMENTED = """\
# above
a: 1      # behind
list:
- x: "1"  # first
  y: 12:30
# between
- x: on
other: {k: v} # flow
last: [1, 2]
"""


def _data(text: str) -> object:
    node = composed(text, "it")
    assert node is not None
    return plain(node, "it")


def test_a_key_and_an_item_are_put_in_and_all_else_stays() -> None:
    data = _data(COMMENTED)
    assert isinstance(data, dict)
    data["list"].append({"new": "yes"})
    data["other"]["l"] = "w"
    data["last"].append(3)
    data["more"] = {"deep": [True]}
    made = spliced(COMMENTED, data, "it")
    assert made == (
        "# above\na: 1      # behind\nlist:\n"
        '- x: "1"  # first\n  y: 12:30\n# between\n- x: on\n- new: "yes"\n'
        'other: {k: v, "l": "w"} # flow\nlast: [1, 2, 3]\nmore:\n  deep:\n  - true\n'
    )
    assert spliced(made, _data(COMMENTED), "it") == COMMENTED


@pytest.mark.parametrize(
    "text", ["a: 1", "a:\n- 1", "a:\n  b: |\n    x\n", "a:\n  b: |+\n    x\n\n\n# end\n"]
)
def test_whatever_ends_the_document_comes_back(text: str) -> None:
    data = _data(text)
    assert isinstance(data, dict)
    made = spliced(text, {**data, "z": [{"y": "two\nlines"}]}, "it")
    assert _data(made) == {**data, "z": [{"y": "two\nlines"}]}
    assert spliced(made, data, "it") == text


def test_an_empty_value_and_an_empty_list() -> None:
    assert spliced("a:\nb: []\n", {"a": [1], "b": [{"c": 1}]}, "it") == 'a: [1]\nb: [{"c": 1}]\n'


def test_a_document_of_json() -> None:
    text = '{\n  "a": [\n    {"b": 1}\n  ]\n}\n'
    made = spliced(text, {"a": [{"b": 1}, {"b": 2}], "c": True}, "it")
    assert made == '{\n  "a": [\n    {"b": 1}, {"b": 2}\n  ], "c": true\n}\n'
    assert spliced(made, _data(text), "it") == text


def test_what_an_alias_repeats_is_refused() -> None:
    text = "a: &x\n  b: 1\nc: *x\n"
    with pytest.raises(ManifestError, match="it cannot be changed in its text") as caught:
        spliced(text, {"a": {"b": 1, "d": 1}, "c": {"b": 1}}, "it")
    assert "aliases" in caught.value.remedy


@pytest.mark.parametrize("text", ["a: 1\na: 2\n", "<<: {a: 1}\n", "a: [\n", "a: \t- b\n"])
def test_what_cannot_be_read_is_named(text: str) -> None:
    with pytest.raises(ManifestError, match="it cannot be read"):
        _data(text)


_TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=8) | st.sampled_from(
    [
        "1e3",
        "0x1f",
        "012",
        "12:30",
        "yes",
        "on",
        "y",
        "~",
        "null",
        "2020-01-01",
        "1_000",
        ".5",
        "=",
        "<<",
        "- a",
        "a: b",
        "#",
    ]
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | _TEXTS,
    lambda one: st.lists(one, max_size=3) | st.dictionaries(_TEXTS, one, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_VALUES)
@example({"\n\x85": None})
def test_what_is_put_in_reads_as_it_is_for_other_readers_too(value: object) -> None:
    for text in ("other: 1\n", "{other: 1}\n"):
        made = spliced(text, {"other": 1, "new": value}, "it")
        assert yaml.safe_load(made)["new"] == value
        assert _data(made) == {"other": 1, "new": value}


def test_a_mapping_with_an_anchor_is_changed_where_nothing_repeats_it() -> None:
    text = "a: &x\n  b: 1\n"
    assert spliced(text, {"a": {"b": 1, "c": 2}}, "it") == "a: &x\n  b: 1\n  c: 2\n"
