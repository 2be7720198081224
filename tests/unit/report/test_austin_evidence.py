"""austin's files become rows, through the converter as it runs."""

import random
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from model.samples import SampleTable, Span, State, TableBuilder, Thread
from report.evidence import austin
from report.evidence.looks import Look, Sighting
from tests.mojo import Mojo
from tests.prerequisites import require
from tests.tally import Times

SPAN = Span(5_000_000, 6_000_000, 100)
PID = 4000
MAIN, A, B = ("run", "/a.py", 1), ("estimate", "/a.py", 20), ("binpack", "/a.py", 30)


@pytest.fixture(autouse=True)
def _austin_python() -> None:
    require("austin-python")


def _table(path: Path, looks: Sequence[Look] = ()) -> tuple[SampleTable, str]:
    builder = TableBuilder()
    with austin.reading() as rows:
        found = rows(path, SPAN, builder, looks)
    builder.add(SPAN, found.rows)
    return builder.freeze(SPAN.start_us, SPAN.end_us), found.damage


def _sampled(*stack: tuple[str, str, int]) -> bytes:
    """A file of one sample."""
    mojo = Mojo()
    mojo.sample(10_000, PID, PID, stack)
    return bytes(mojo.data)


def _story(mojo: Mojo, folder: Path, damage: str = "") -> list[tuple[int, str, int, int]]:
    """Thread, innermost function, start and end in milliseconds of the segment."""
    table, damaged = _table(_file(mojo.data, folder))
    assert damaged == damage
    return [
        (
            table.threads[run.thread].os_id,
            table.frames[table.tops[run.stack]].function,
            (run.start_us - SPAN.start_us) // 1000,
            (run.end_us - SPAN.start_us) // 1000,
        )
        for run in table.runs()
    ]


def _file(data: bytes, folder: Path) -> Path:
    path = folder / "a.mojo"
    path.write_bytes(data)
    return path


def test_a_stack_is_seen_when_the_steps_until_then_are_over(tmp_path: Path) -> None:
    mojo = Mojo()
    for step_us, top in [(1_000, A), (10_000, A), (10_000, A), (19_000, B), (10_000, A)]:
        mojo.sample(step_us, PID, PID, [MAIN, top])
    assert _story(mojo, tmp_path) == [
        (PID, "estimate", 1, 40),
        (PID, "binpack", 40, 50),
        (PID, "estimate", 50, 1000),
    ]


def test_wherever_a_file_is_cut_it_is_told_and_its_converter_goes_on(tmp_path: Path) -> None:
    data = _sampled(MAIN, A)
    with austin.reading() as rows:
        told = [
            rows(_file(data[:size], tmp_path), SPAN, TableBuilder(), ()).damage
            for size in range(1, len(data))
        ]
    assert set(told) == {"", "the file ends"}


def test_whatever_a_file_holds_its_converter_goes_on(tmp_path: Path, times: Times) -> None:
    mojo, chance = Mojo(), random.Random(7)
    for step_us, top in [(1_000, A), (10_000_000, B), (10_000, A)]:
        mojo.sample(step_us, PID, PID, [MAIN, top])
        mojo.sample(step_us, PID, PID + 1, [MAIN])
    with austin.reading() as rows:
        for _ in range(times(500, 100_000)):
            data = bytearray(mojo.data)
            for _ in range(chance.randint(1, 4)):
                at = chance.randrange(len(data))
                data[at : at + chance.randint(0, 3)] = chance.randbytes(chance.randint(0, 2))
            found = rows(_file(data[: chance.randint(1, len(data))], tmp_path), SPAN, TableBuilder(), ())
            assert found.damage == "the file ends" or re.fullmatch(r"(no MOJO at byte \d+)?", found.damage)


def test_the_samples_of_one_round_are_of_one_time(tmp_path: Path) -> None:
    mojo = Mojo()
    for step_us in (100_000, 100_000, 100_000):
        for thread in (PID, PID + 1, PID + 2):
            mojo.sample(step_us, PID, thread, [MAIN, A if step_us else B])
    assert {story[2:] for story in _story(mojo, tmp_path)} == {(100, 1000)}


def test_a_thread_comes_and_goes(tmp_path: Path) -> None:
    mojo = Mojo()
    for round_number in range(5):
        mojo.sample(100_000, PID, PID, [MAIN])
        if round_number in (1, 2):
            mojo.sample(100_000, PID, PID + 1, [A])
    assert sorted(_story(mojo, tmp_path)) == [(PID, "run", 100, 1000), (PID + 1, "estimate", 200, 400)]


def test_one_thread_after_the_other_takes_time_though_they_never_meet(tmp_path: Path) -> None:
    mojo = Mojo()
    mojo.sample(100_000, PID, PID + 1, [A])
    mojo.sample(100_001, PID, PID + 2, [B])
    mojo.end()
    assert _story(mojo, tmp_path) == [(PID + 1, "estimate", 100, 200), (PID + 2, "binpack", 200, 1000)]


def test_a_sample_that_failed_leaves_what_was_seen_before(tmp_path: Path) -> None:
    mojo = Mojo()
    mojo.sample(100_000, PID, PID, [MAIN, A])
    mojo.sample(100_000, PID, PID, [B], invalid=True)
    mojo.sample(100_000, PID, PID, [MAIN, A])
    mojo.sample(100_000, PID, PID + 1, [B], invalid=True)
    assert _story(mojo, tmp_path) == [(PID, "estimate", 100, 1000)]


def test_a_thread_without_frames_is_shown_as_such(tmp_path: Path) -> None:
    mojo = Mojo()
    mojo.sample(100_000, PID, PID, [])
    assert _story(mojo, tmp_path) == [(PID, "(no Python frame)", 100, 1000)]


def test_a_key_that_comes_to_mean_another_frame_does_so_for_all_threads(tmp_path: Path) -> None:
    mojo = Mojo()
    mojo.sample(100_000, PID, PID, [A], keys={A: 7})
    mojo.sample(100_000, PID, PID, [A])
    mojo.sample(100_000, PID, PID + 1, [B], keys={B: 7})
    mojo.sample(100_001, PID, PID, [B])  # the same bytes as the sample before
    assert sorted(_story(mojo, tmp_path), key=lambda run: run[2]) == [
        (PID, "estimate", 100, 300),
        (PID + 1, "binpack", 200, 1000),
        (PID, "binpack", 300, 1000),
    ]


def _look(*threads: tuple[int, str]) -> Look:
    return Look(
        SPAN.start_us,
        tuple(Sighting(Thread(os_id, name, PID), (), State.UNKNOWN, False, "") for os_id, name in threads),
    )


def _threads(folder: Path, *looks: Look) -> list[tuple[int, str, int]]:
    """Threads of a file with three of them, in the order of austin's rounds: the main one last."""
    mojo = Mojo()
    for number in range(3):
        for thread in (PID + 1, PID + 2, PID):
            mojo.sample(1_000 + number, PID, thread, [MAIN, (f"f{number}", "/a.py", 1)])
    table, _ = _table(_file(mojo.data, folder), looks)
    return [(thread.os_id, thread.name, thread.pid) for thread in table.threads]


def test_names_of_threads_come_from_looks(tmp_path: Path) -> None:
    look = _look((PID + 1, "worker;\n1"), (PID + 9, "another"))
    expected = [(PID + 1, "worker;\n1", PID), (PID + 2, "", PID), (PID, "MainThread", PID)]
    assert _threads(tmp_path, look) == expected


def test_where_looks_do_not_know_the_kernels_ids_the_order_tells_who_is_who(tmp_path: Path) -> None:
    pythons_own = (0x7F01, "a"), (0x7F02, "b"), (0x7F03, "MainThread")
    expected = [(os_id, name, PID) for os_id, name in pythons_own]
    assert _threads(tmp_path, _look(*pythons_own)) == expected
    assert _threads(tmp_path, _look(pythons_own[2]), _look(*pythons_own)) == expected


def test_where_the_order_cannot_tell_the_main_thread_is_still_known(tmp_path: Path) -> None:
    look = _look((0x7F01, "a"), (0x7F03, "MainThread"))
    expected = [(PID + 1, "", PID), (PID + 2, "", PID), (0x7F03, "MainThread", PID)]
    assert _threads(tmp_path, look) == expected


@pytest.mark.parametrize(
    "name", ["a;b\nc", '["end",""]\n["row",1,2,3]', "\x1b[31m</script>", "é\udfff😀", " "]
)
def test_names_that_want_to_be_something_else_stay_names(tmp_path: Path, name: str) -> None:
    forged = name.encode(errors="replace").decode()
    mojo = Mojo()
    mojo.sample(1_000, PID, PID, [(forged, forged, 3)])
    table, damage = _table(_file(mojo.data, tmp_path))
    assert [tuple(frame) for frame in table.frames] == [(forged, forged, 3)]
    assert not damage


def _long() -> Mojo:
    mojo = Mojo()
    for number in range(1, 100):
        mojo.sample(1_000 + number, PID, PID, [MAIN, (f"f{number}", "/a.py", number)])
    return mojo


def test_what_is_whole_of_a_cut_file_counts(tmp_path: Path) -> None:
    data, seen = bytes(_long().data), set()
    for cut in range(len(data) - 30, len(data), 3):
        table, damage = _table(_file(data[:cut], tmp_path))
        assert 97 <= len(list(table.runs())) < 100
        seen.add(damage)
    assert seen == {"", "the file ends"}  # "" where it ends between two events


def test_rubbish_costs_what_comes_after_it(tmp_path: Path) -> None:
    data = bytearray(_long().data)
    data[len(data) // 2 :] = b"\x20\0" * 250
    table, damage = _table(_file(data, tmp_path))
    assert 40 < len(list(table.runs())) < 60
    assert damage.startswith("no MOJO at byte ")


@pytest.mark.parametrize("data", [b"MOJ\x03", bytes(Mojo().data)], ids=["header", "no samples"])
def test_a_file_without_samples_is_no_damage(tmp_path: Path, data: bytes) -> None:
    table, damage = _table(_file(data, tmp_path))
    assert not list(table.runs())
    assert not damage


@pytest.mark.parametrize("data", [b"\x7fELF" * 100, b"M", b"{}"])
def test_what_is_no_mojo_says_so(tmp_path: Path, data: bytes) -> None:
    table, damage = _table(_file(data, tmp_path))
    assert not list(table.runs())
    assert damage


def test_an_empty_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="the file is empty"):
        _table(_file(b"", tmp_path))


@pytest.mark.parametrize("bad", [b"", b"\x7fELF" * 100, b"MOJ\x03", b"MOJ\x03\x02\x80"])
def test_a_segment_that_is_damaged_costs_itself_only(tmp_path: Path, bad: bytes) -> None:
    """An empty one ends the converter; the next one's numbers mean the same stacks all the same."""
    builder, files = TableBuilder(), [_sampled(MAIN, each) for each in (A, B, A)]
    with austin.reading() as rows:
        for number, data in enumerate((files[0], bad, *files[1:])):
            file = tmp_path / f"{number}.mojo"
            file.write_bytes(data)
            start_us = SPAN.start_us + number * 1_000_000
            span = Span(start_us, start_us + 1_000_000, 100)
            try:
                builder.add(span, rows(file, span, builder, ()).rows)
            except ValueError:
                assert data is bad
    table = builder.freeze(SPAN.start_us, SPAN.start_us + 4_000_000)
    seen = [table.stack_frames(stack) for stack in table.stack if stack > 0]
    assert [stack for stack in seen if stack[-1] in (A, B)] == [(MAIN, A), (MAIN, B), (MAIN, A)]
    assert len(table.frames) == 3


def test_a_key_that_means_another_frame_in_the_next_segment_is_read_anew(tmp_path: Path) -> None:
    builder = TableBuilder()
    found = []
    with austin.reading() as rows:
        for number, place in enumerate((A, B)):  # each the first that its file defines: the same key
            file = tmp_path / f"{number}.mojo"
            file.write_bytes(_sampled(place))
            (row,) = rows(file, SPAN, builder, ()).rows
            found.append(row.stack)
    table = builder.freeze(0, 1)
    assert [table.stack_frames(stack) for stack in found] == [(A,), (B,)]


def test_a_converter_that_does_not_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hanging = tmp_path / "hanging.py"
    hanging.write_text("import time; time.sleep(600)")
    monkeypatch.setattr(austin, "CONVERTER", hanging)
    monkeypatch.setattr(austin, "DEADLINE_S", 0.2)
    with pytest.raises(ValueError, match="ended by signal 9"):
        _table(tmp_path / "a.mojo")


def test_a_converter_that_never_stops_talking_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    talking = tmp_path / "talking.py"
    talking.write_text("while True: print('[\"stacks\",0,[0]]')")
    monkeypatch.setattr(austin, "CONVERTER", talking)
    monkeypatch.setattr(austin, "MAX_OUTPUT_BYTES", 10_000)
    with pytest.raises(ValueError, match="list index out of range"):  # its frames it did not tell
        _table(tmp_path / "a.mojo")
    talking.write_text('while True: print(\'["frame","f","/a.py",1]\')')
    with pytest.raises(ValueError, match="more than 10000 bytes"):
        _table(tmp_path / "a.mojo")


def test_without_austin_python_the_remedy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in an environment without it: there the import fails."""
    without = tmp_path / "without.py"
    source = austin.CONVERTER.read_text()
    without.write_text(source.replace("from austin.format", "from austin_that_is_not_there.format"))
    monkeypatch.setattr(austin, "CONVERTER", without)
    with pytest.raises(ValueError, match=r"install loopcam\[austin\] where reports are drawn"):
        _table(_file(Mojo().data, tmp_path))


def test_200_threads_60_deep_at_100_hz_are_read_in_seconds(tmp_path: Path) -> None:
    mojo = Mojo()
    deep = [("descend", "/a.py", line) for line in range(59)]
    for thread in range(200):
        mojo.sample(10_000, PID, PID + thread, [*deep, A])
    first = len(mojo.data)
    for top in (A, B):  # the main thread goes to and fro
        for thread in range(200):
            mojo.sample(10_000, PID, PID + thread, [*deep, A if thread else top])
    mojo.data += mojo.data[first:] * 250
    path = _file(mojo.data, tmp_path)
    span = Span(0, 5_010_000, 100)
    builder = TableBuilder()
    with austin.reading() as rows:
        found = rows(path, span, builder, ())
    assert not found.damage
    assert len(found.rows) > 200 + 500
    assert path.stat().st_size > 20_000_000


def test_nothing_of_ours_is_in_the_converter_and_nothing_of_it_in_us() -> None:
    code = "import sys, report.render; sys.exit(any(name.split('.')[0] == 'austin' for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
