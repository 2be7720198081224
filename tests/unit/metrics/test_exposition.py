"""The parser against prometheus-client's own generator and parser, in any pieces, and against garbage."""

import math
import time
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_families
from prometheus_client.parser import text_string_to_metric_families

from daemon.sources.metrics.contract import names_of
from daemon.sources.metrics.exposition import MAX_LINE_BYTES, MOST_LINES, Exposition
from daemon.sources.metrics.samples import parsed
from daemon.sources.metrics.selectors import Selector

TEXTS = st.text(st.characters(blacklist_categories=("Cs",)), max_size=12)
NUMBERS = st.floats(allow_nan=True, allow_infinity=True)
NAMES = ("loop_start", "loop_took_sum", "loop_took_count", "loop_took_bucket", "turns_total")
Row = tuple[str, frozenset[tuple[str, str]], str]


def rows(samples: Iterable[object]) -> list[Row]:
    """Samples of either parser, to be compared: NaN is NaN here, and minus zero is zero."""
    made = [(one.name, frozenset(one.labels.items()), repr(float(one.value) + 0.0)) for one in samples]  # type: ignore[attr-defined]
    return sorted(made, key=str)


def read(data: bytes, cuts: Iterable[int] = (), names: Iterable[str] = NAMES) -> Exposition:
    one, before = Exposition(dict.fromkeys(names, frozenset())), 0
    for cut in [*sorted(min(cut, len(data)) for cut in cuts), len(data)]:
        one.take(data[before:cut])
        before = cut
    return one


def registry(labels: list[tuple[str, str]], values: list[float]) -> CollectorRegistry:
    made = CollectorRegistry()
    gauge = Gauge("loop_start", "When.\nIt \\ started", ["a", "b"], registry=made)
    histogram = Histogram("loop_took", "How long.", ["a", "b"], registry=made, buckets=[0.1, 1, math.inf])
    turns = Counter("turns", "How many.", ["a", "b"], registry=made)
    for (one, two), value in zip(labels, values, strict=False):
        gauge.labels(one, two).set(value)
        turns.labels(one, two).inc(1.5, exemplar={"trace": "{,=} # 1"})
        histogram.labels(one, two).observe(abs(value) if value == value else 1, exemplar={"t": "}# 1 2"})
    return made


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.tuples(TEXTS, TEXTS), max_size=4, unique=True),
    st.lists(NUMBERS, min_size=4, max_size=4),
    st.lists(st.integers(0, 5000), max_size=8),
    st.booleans(),
)
def test_what_prometheus_client_writes_is_read_as_it_reads_it(
    labels: list[tuple[str, str]], values: list[float], cuts: list[int], crlf: bool
) -> None:
    made = registry(labels, values)
    text = generate_latest(made)
    expected = [one for family in text_string_to_metric_families(text.decode()) for one in family.samples]
    expected = [one for one in expected if one.name in NAMES]
    got = read(text.replace(b"\n", b"\r\n") if crlf else text, cuts)
    assert rows(got.samples) == rows(expected)
    assert got.broken == ""


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.tuples(TEXTS, TEXTS), max_size=4, unique=True),
    st.lists(NUMBERS, min_size=4, max_size=4),
    st.lists(st.integers(0, 5000), max_size=8),
)
def test_openmetrics_with_exemplars_is_read_too(
    labels: list[tuple[str, str]], values: list[float], cuts: list[int]
) -> None:
    text = generate_openmetrics(registry(labels, values))
    expected = [one for family in openmetrics_families(text.decode()) for one in family.samples]
    got = read(text, cuts)
    assert rows(got.samples) == rows(one for one in expected if one.name in NAMES)
    assert got.ended
    assert not read(text[:-6], cuts).ended


LINES = st.one_of(
    st.text('ab_{}=",\\ \t#+-.0123456789eEInfNa', max_size=40),
    st.builds(
        lambda labels, value, time: f"{{{labels}}} {value}{time}",
        st.sampled_from(['a="1"', 'a="x\\"}" , b="\\n\\\\"', 'a="1",', "", 'a="1",a="2"', "a=1", 'a="1']),
        st.sampled_from(
            ["1", "+Inf", "-1e+06", "NaN", "1.5958e-7", "x", "", "1 ", ".5", "1.", "0x10", "1_0"]
        ),
        st.sampled_from(["", " 1395066363000", " 1.5", " x", "\t-5", " 1 2"]),
    ),
)


@given(LINES)
def test_a_line_is_read_as_prometheus_client_reads_it_or_not_at_all(rest: str) -> None:
    line = f"m {rest}" if rest[:1] not in "{ \t" else f"m{rest}"
    try:
        (family,) = text_string_to_metric_families(line)
        (expected,) = rows(family.samples)
    except (ValueError, IndexError):
        expected = None
    got = parsed(line.encode())
    if got is not None and expected is not None:
        assert rows([got]) == [expected]


@pytest.mark.parametrize(
    ("line", "labels", "value"),
    [
        ("m 1", {}, 1.0),
        ("m{} 1", {}, 1.0),
        ("m\t{ } 2.5 1395066363000", {}, 2.5),
        ('m{a="x",} 1', {"a": "x"}, 1.0),
        ('m{a="}",b=" # {"} 1e+06', {"a": "}", "b": " # {"}, 1e6),
        (r'm{a="\"\\\n\d"} 1', {"a": '"\\\n\\d'}, 1.0),
        ('m{"label.name"="x"} 1', {"label.name": "x"}, 1.0),
        ('m 5.0 1600000000.5 # {trace_id="a b"} 0.67 1600000000', {}, 5.0),
        ("m +Inf", {}, math.inf),
    ],
)
def test_lines_of_both_formats(line: str, labels: dict[str, str], value: float) -> None:
    got = parsed(line.encode())
    assert got is not None
    assert (got.labels, got.value) == (labels, value)


@pytest.mark.parametrize(
    "line",
    [
        "m",
        "m ",
        "m x",
        'm{a="1} 1',
        'm{a="1"',
        "m{a=1} 1",
        'm{a="1"}1x',
        "m 1 2 3",
        'm{a="1",a="2"} 1',
        "m 0x1",
    ],
)
def test_lines_that_are_none(line: str) -> None:
    assert parsed(line.encode()) is None


@given(st.binary(max_size=300), st.lists(st.integers(0, 400), max_size=5))
def test_garbage_does_no_harm_and_hides_no_line(garbage: bytes, cuts: list[int]) -> None:
    got = read(b"loop_start 1\n" + garbage + b"\nloop_start 2\n", cuts, ["loop_start"])
    assert [got.samples[0].value, got.samples[-1].value] == [1, 2]


def test_bytes_that_are_no_text_do_not_hide_a_value() -> None:
    (one,) = read(b'loop_start{a="\xff\xfe"} 3\n').samples
    assert (one.labels, one.value) == ({"a": "\ufffd\ufffd"}, 3)


def test_only_whole_lines_count() -> None:
    assert read(b"loop_start 12\nturns_total 345").samples[-1].name == "loop_start"
    assert read(b"loop_start 17").samples == []


def test_names_are_whole_and_begin_a_line() -> None:
    text = b"loop_started 1\nx_loop_start 2\n# loop_start 3\n loop_start 4\nloop_start\nloop_start 5\n"
    got = read(text, names=["loop_start"])
    assert [one.value for one in got.samples] == [5]


@pytest.mark.parametrize("piece_bytes", [100, 70_000, 3_000_000])
def test_lines_of_megabytes_are_not_held_and_hide_nothing(piece_bytes: int) -> None:
    long = b'loop_start{a="' + b"x" * 2_000_000 + b'"} 7\n'
    data = b"loop_start 1\n" + long + b"loop_start 2\n" + b"y" * 1_000_000 + b"\nloop_start 3\n"
    one = Exposition({"loop_start": frozenset()})
    for at in range(0, len(data), piece_bytes):
        one.take(data[at : at + piece_bytes])
        assert len(one._rest) <= MAX_LINE_BYTES
    assert [sample.value for sample in one.samples] == [1, 2, 3]


def test_more_lines_than_anybody_needs_are_not_read() -> None:
    got = read(b"".join(b'loop_start{a="%d"} 1\n' % number for number in range(MOST_LINES + 10)))
    assert got.crowded
    assert len(got.samples) == MOST_LINES


def test_lines_of_other_labels_are_passed_over_unless_it_is_curious() -> None:
    picks = Selector(r'loop_start{a="x\"\n\\",b!="y"}')
    text = b'loop_start{a="y"} 1\nloop_start{b="z",a = "x\\"\\n\\\\"} 2\nloop_start{a="x"} 3\n'
    for curious, values in ((False, [2]), (True, [1, 2, 3])):
        one = Exposition(names_of([picks]), curious=curious)
        one.take(text)
        assert [sample.value for sample in one.samples] == values
        assert [sample.value for sample in picks.picked(one.samples)] == [2]


def test_a_name_that_is_meant_twice_is_looked_for_by_what_both_have_in_common() -> None:
    picks = [Selector('m{a="1",b="2"}'), Selector('m{a="1",c="3"}'), Selector("other")]
    assert names_of(picks, "x") == {"m": {b'"1"'}, "other": frozenset(), "x": None}


def test_large_answers_are_not_searched_for_what_is_of_minor_use() -> None:
    for lines, values in ((10, [1]), (200_000, [])):
        one = Exposition({"born": None})
        one.take(b"x" * 30 + b"\n" + (b"y" * 30 + b"\n") * lines)
        one.take(b"born 1\n")
        assert [sample.value for sample in one.samples] == values


def test_a_line_that_cannot_be_read_is_shown() -> None:
    assert read(b"loop_start one\nloop_start two\n").broken == "loop_start one"


def test_all_names_are_noted_where_that_is_asked_for() -> None:
    one = Exposition({"a": frozenset()}, curious=True)
    for piece in (b"# HELP x y\n# TYPE z gauge\nloop_", b'start{a="1"} 1\nturns_total 2\nhalf'):
        one.take(piece)
    assert one.names == {b"loop_start", b"turns_total", b"z"}


def took_s(data: bytes, *, curious: bool = False) -> tuple[float, float]:
    """CPU time of an answer in all, and of its slowest piece."""
    one = Exposition(names_of([Selector('loop_start{a="b"}')]), curious=curious)
    pieces = []
    for at in range(0, len(data), 65536):
        began_s = time.process_time()
        one.take(data[at : at + 65536])
        pieces.append(time.process_time() - began_s)
    return sum(pieces), max(pieces)


LABELS = ",".join(f'a{number}=""' for number in range(6000))
HOSTILE = {
    "labels": b'loop_start{a="b",%s} 1\n' % LABELS.encode(),
    "quotes": b'loop_start{a="b"' + b'"' * 60_001 + b"} 1\n",
    "escapes": b'loop_start{a="b",c="' + b"\\\\" * 30_000 + b"} 1\n",
    "many": b"".join(b'loop_start{a="b",c="%d"} 1\n' % number for number in range(3000)),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_lines_that_are_made_to_take_long_are_given_up(what: str) -> None:
    assert took_s(HOSTILE[what] * (20 * 2**20 // len(HOSTILE[what])))[0] < 1.5  # it would be up to 9 s


def test_looking_at_all_names_of_a_large_answer_takes_little_more() -> None:
    lines = b"".join(b'other_total{pod="p%d"} 1\n' % number for number in range(900_000))
    data = lines + b"# TYPE last_one gauge\nlast_one 1\n"
    one = Exposition({"loop_start": frozenset()}, curious=True)
    one.take(data[:1000])
    one.take(data[1000:])
    assert one.names == {b"other_total", b"last_one"}
    assert min(took_s(data, curious=True)[0] for _ in range(3)) < 0.2  # it would be 0.5 s
