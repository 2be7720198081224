import time

import pytest

from daemon.config.document import MAX_BYTES, read
from model.errors import ConfigError


def faults(text: str | bytes) -> str:
    with pytest.raises(ConfigError) as caught:
        read(text.encode() if isinstance(text, str) else text, "file.yaml")
    return str(caught.value)


def test_scalars_are_those_of_yaml_1_2():
    text = "{a: yes, b: on, c: 12:30, d: 017, e: 0x1F, f: 1_000, g: 2026-11-21, "
    text += "h: true, i: ~, j: 7, k: 1.5, l: .inf}"
    assert read(text.encode(), "x") == {
        "a": "yes",
        "b": "on",
        "c": "12:30",
        "d": "017",
        "e": "0x1F",
        "f": "1_000",
        "g": "2026-11-21",
        "h": True,
        "i": None,
        "j": 7,
        "k": 1.5,
        "l": ".inf",
    }


def test_quotes_and_blocks_make_texts():
    assert read(b"a: '1'\nb: \"true\"\nc: |\n  2\nd: !\n", "x") == {
        "a": "1",
        "b": "true",
        "c": "2\n",
        "d": None,
    }


def test_keys_are_texts_whatever_they_look_like():
    assert read(b"1: a\nyes: b\nnull: c\n", "x") == {"1": "a", "yes": "b", "null": "c"}


def test_an_empty_document_is_nothing():
    assert read(b"", "x") is None
    assert read(b"# only a comment\n", "x") is None


@pytest.mark.threat("yaml")
def test_aliases_are_refused_with_their_line():
    assert (
        faults("a: &x 1\nb: *x\n")
        == "file.yaml: line 2, column 4: *x: aliases are not read: write the value out"
    )


@pytest.mark.threat("yaml")
def test_a_billion_laughs_are_refused_at_once():
    laughs = "a: &a [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n"
    for one, next_one in zip("abcdefghi", "bcdefghij", strict=True):
        laughs += f"{next_one}: &{next_one} [{', '.join([f'*{one}'] * 9)}]\n"
    started_s = time.process_time()
    assert "aliases" in faults(laughs)
    assert time.process_time() - started_s < 0.05


@pytest.mark.threat("yaml")
@pytest.mark.parametrize("opened", ["[", "{a: ", "- "])
def test_deep_nesting_is_refused_at_once(opened):
    assert "too deep" in faults("a:\n  " + opened * 20_000)


@pytest.mark.threat("yaml")
def test_tags_are_refused():
    assert "a tag: tags are not read" in faults("a: !!python/object:os.system x\n")
    assert "a tag: tags are not read" in faults("a: !!set {b}\n")


def test_every_duplicate_key_is_told_with_its_path():
    told = faults("a: 1\na: 2\nb:\n  - {c: 1, c: 2}\n")
    assert told.splitlines() == [
        "a: given twice: at most once (again at line 2, column 1)",
        "b[0].c: given twice: at most once (again at line 4, column 12)",
    ]


def test_a_key_must_be_a_scalar():
    assert "a key must be a text" in faults("? [1, 2]\n: 3\n")


def test_a_second_document_is_refused():
    assert "must be one document" in faults("a: 1\n---\nb: 2\n")


def test_what_is_not_yaml_is_told_with_its_line():
    assert faults("a: [1,\nb: }\n").startswith("file.yaml: line 2, column ")
    assert faults("a: \x07\n").startswith("file.yaml: ")


def test_what_is_not_utf_8_is_refused():
    assert faults(b"a: \xff\n") == "file.yaml: byte 3: not UTF-8"


def test_a_byte_order_mark_is_no_part_of_the_first_key():
    assert read(b"\xef\xbb\xbfa: 1\n", "x") == {"a": 1}


@pytest.mark.threat("yaml")
def test_a_document_above_the_limit_is_refused():
    assert faults(b"#" * (MAX_BYTES + 1)) == "file.yaml: too long: at most 256 KiB"
