"""Profiles of every form come to the same, whoever wrote them."""

from pathlib import Path

import pytest

from report.baseline.difference import difference
from report.baseline.profiles.read import ProfileError, read
from report.baseline.profiles.threads import thread_group
from report.render import render
from tests.reports import DEFAULT_ROWS, make_report, trace
from tests.unit.baseline.calling import as_text

PY_SPY = """\
thread (12533): worker-1;run (threading.py:982);wait (t.py:3) 99
thread (12529): MainThread;<module> (t.py:8);work (t.py:6) 99
"""
AUSTIN = """\
# austin: 3.7.0
# interval: 10000
# mode: wall

P12529;T0:12533;/usr/lib/python3.11/threading.py:run:982;/srv/t.py:wait:3 500000
P12529;T0:12529;/srv/t.py:<module>:8;/srv/t.py:work:6 500000
"""
SPEEDSCOPE = """{"$schema": "https://www.speedscope.app/file-format-schema.json",
"shared": {"frames": [{"name": "thread (12529): MainThread"}, {"name": "work", "file": "/srv/t.py"}]},
"profiles": [{"type": "sampled", "name": "Thread 12529 \\"MainThread\\"", "unit": "seconds", "startValue": 0,
"endValue": 1, "samples": [[0, 1], [0, 1]], "weights": [0.5, 0.25]}]}"""


@pytest.fixture
def report(tmp_path: Path) -> Path:
    home = make_report(tmp_path)
    render(home)
    return home


@pytest.mark.parametrize("name", ["profile.pb.gz", "profile.speedscope.json", "profile.collapsed"])
def test_our_own_documents_say_what_the_evidence_does(report: Path, name: str) -> None:
    whole, found = read(report), read(report / name)
    assert as_text(found.calls) == pytest.approx(as_text(whole.calls), abs=0.001)
    assert found.unit == whole.unit == "s"
    assert difference(whole, found, 10).moved == ()


def test_a_report_is_found_by_its_manifest(report: Path) -> None:
    assert as_text(read(report / "manifest.json").calls) == as_text(read(report).calls)


def test_py_spy_and_austin_come_to_the_same_words(tmp_path: Path) -> None:
    (tmp_path / "pyspy.txt").write_text(PY_SPY)
    (tmp_path / "austin.txt").write_text(AUSTIN)
    one, other = read(tmp_path / "pyspy.txt"), read(tmp_path / "austin.txt")
    assert as_text(one.calls) == {"worker;run;wait": 99, "MainThread;<module>;work": 99}
    assert as_text(other.calls) == {"other threads;run;wait": 0.5, "MainThread;<module>;work": 0.5}
    assert (one.unit, other.unit) == ("samples", "s")
    found = difference(one, other, 10)
    assert found.moved == ()
    assert [group.thread for group in found.groups] == ["MainThread", "other threads"]


def test_sampled_speedscope_of_others_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(SPEEDSCOPE)
    assert as_text(read(tmp_path / "a.json").calls) == {"MainThread;work": 0.75}


def test_stacks_without_threads_are_compared_with_all_of_them(tmp_path: Path) -> None:
    (tmp_path / "plain.txt").write_text("main;work 3\nmain;rest 1\n")
    (tmp_path / "named.txt").write_text("thread (1): MainThread;main;work 1\n")
    found = difference(read(tmp_path / "plain.txt"), read(tmp_path / "named.txt"), 10)
    assert {one.thread for one in found.moved} == {"all threads"}
    assert {one.function for one in found.moved} == {"work", "rest"}


def test_go_profiles_are_read() -> None:
    recorded = Path(__file__).parent.parent / "report" / "recorded" / "cpu" / "cpu-000.pb.gz"
    found = read(recorded)
    assert found.unit == "s"
    assert found.calls.by_group().keys() == {"all threads"}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it has no stacks"),
        (b"root:x:0:0:root:/root:/bin/bash\n", "line 1 is no"),
        (b"\x7fELF\0\0\0", "neither text nor gzip"),
        (b"\x1f\x8b\x08\0", "cut off"),
        (b'{"a": 1}', "shared"),
        (b'{"shared":{"frames":[]},"profiles":[{"type":"x","name":"t"}]}', "unknown type"),
        (
            b'{"shared":{"frames":[]},"profiles":[{"type":"sampled","name":"t","samples":[[7]],"weights":[1]}]}',
            "7",
        ),
        (b"[" * 100_000, "is no profile"),
    ],
)
def test_what_is_no_profile_is_told(tmp_path: Path, content: bytes, why: str) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    with pytest.raises(ProfileError, match=why) as caught:
        read(file)
    assert str(file) in str(caught.value)
    assert "collapsed" in caught.value.remedy


def test_a_path_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="no such file"):
        read(tmp_path / "nothing")
    with pytest.raises(ProfileError, match=r"no capture\.json"):
        read(tmp_path)


def test_a_report_without_stacks_is_told(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="holds no stacks"):
        read(make_report(tmp_path, segments=[], dumps=[]))


def test_a_report_of_two_captures_tells_what_vanished(tmp_path: Path) -> None:
    before = make_report(tmp_path / "a")
    after = make_report(tmp_path / "b", segments=[trace(DEFAULT_ROWS[:2], 1.5)] * 2)
    found = {one.function: one for one in difference(read(before), read(after), 10).moved}
    assert (found["apply"].stalled_share, found["apply"].healthy_share > 0) == (0, True)


@pytest.mark.parametrize(
    ("spelt", "expected"),
    [
        ("MainThread (4242)", "MainThread"),
        ("worker-1 (4243)", "worker"),
        ("thread (4242): MainThread", "MainThread"),
        ("thread (0x7F0A): ", "thread"),
        ('Thread 12529 "MainThread"', "MainThread"),
        ('Process 7 Thread 9 "worker-3"', "worker"),
        ("T0:12533", "other threads"),
    ],
)
def test_threads_are_known_however_they_are_spelt(spelt: str, expected: str) -> None:
    assert thread_group(spelt) == expected
