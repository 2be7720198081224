import gzip
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from daemon.__main__ import main
from daemon.replay.recorded import BLOCK_BYTES

BEGAN = datetime(2023, 9, 6, 12, 0, 0, tzinfo=UTC)
LOG = r"""{path: /x.log, start: "begin(?: (?P<iteration>\\S+))?", end: "done(?: (?P<iteration>\\S+))?"%s}"""
Lines = list[tuple[float, str]]
Told = Callable[..., Any]


def written(lines: Lines) -> str:
    return "".join(
        f"{BEGAN + timedelta(seconds=after_s):%Y-%m-%dT%H:%M:%S.%f}Z {text}\n" for after_s, text in lines
    )


@pytest.fixture
def told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Told:
    """Replays lines, and gives what `--json` says of them."""

    def replay(lines: Lines | str | bytes, more: str = "", log: str = LOG % "") -> Any:
        text = lines if isinstance(lines, str | bytes) else written(lines)
        (tmp_path / "x.log").write_bytes(text if isinstance(text, bytes) else text.encode())
        config = (
            f"targets: [{{name: a, process: {{pid: 1}}, max_loop_time: 10s, {more}iterations: [log: {log}]}}]"
        )
        (tmp_path / "x.yaml").write_text(config)
        (tmp_path / "x.yaml").chmod(0o600)
        code = main(["check", str(tmp_path / "x.yaml"), "--replay", str(tmp_path / "x.log"), "--json"])
        said = capsys.readouterr()
        story = json.loads(said.out)
        assert code == (0 if story["matched"] else 1), said.err
        return story

    return replay


def turns(count: int, every_s: float, took_s: float) -> Iterator[tuple[float, str]]:
    for number in range(count):
        yield number * every_s, f"begin {number}"
        yield number * every_s + took_s, f"done {number}"


def test_iterations_have_the_times_of_their_lines(told: Told) -> None:
    story = told(list(turns(3, 60, 1.5)))
    assert [one["iteration"] for one in story["iterations"]] == ["0", "1", "2"]
    assert story["iterations"][1] == {
        "iteration": "1",
        "started": "2023-09-06 12:01:00.000Z",
        "ended": "2023-09-06 12:01:01.500Z",
        "took_s": 1.5,
        "overran": False,
        "in_flight": False,
        "pause": False,
        "captures": [],
    }
    assert (story["overruns"], story["captures"], story["refused"]) == (0, 0, {})
    assert story["duration_s"] == {"p50": 1.5, "p99": 1.5, "max": 1.5}


def test_an_overrun_is_captured_when_its_deadline_passes_and_not_when_the_next_line_comes(told: Told) -> None:
    story = told([(0, "begin 1"), (15, "noise"), (100, "done 1")])
    first, *others = story["iterations"][0]["captures"]
    assert (first["age_s"], first["refused"], first["at"]) == (10, "", "2023-09-06 12:00:10.000Z")
    assert [(one["age_s"], one["refused"]) for one in others] == [
        (20, "cooldown"),
        (40, "cooldown"),
        (80, "cooldown"),
    ]
    assert (story["captures"], story["overruns"]) == (1, 1)


def test_cooldown_and_captures_an_hour_refuse_as_in_the_daemon(told: Told) -> None:
    limits = "cooldown: 10m, collection_time: 1s, captures_per_hour: 2, "
    story = told(list(turns(5, 11 * 60, 15)), limits)
    assert story["captures"] == 2
    assert story["refused"] == {"rate_limited": 3}
    assert told(list(turns(5, 60, 15)), limits)["refused"] == {"cooldown": 4}
    assert told(list(turns(5, 3601, 15)), limits)["refused"] == {}


def test_an_iteration_that_is_open_at_the_end_is_in_flight(told: Told) -> None:
    story = told([*turns(2, 60, 1), (120, "begin 2"), (125, "noise")])
    last = story["iterations"][-1]
    assert (last["in_flight"], last["took_s"], last["ended"], last["overran"]) == (True, 5, None, False)
    assert told([(0, "begin 2"), (12, "noise")])["iterations"][-1]["overran"]


def test_a_start_without_an_end_is_told(told: Told) -> None:
    story = told([(0, "begin 1"), (5, "begin 2"), (6, "done 2")])
    assert [one["ended"] is None for one in story["iterations"]] == [True, False]
    assert story["did_not_fit"] == {"lost_end": 1}


def test_iterations_side_by_side_are_told_apart(told: Told) -> None:
    lines = [
        (0.0, "begin a"),
        (1.0, "begin b"),
        (2.0, "done b"),
        (30.0, "done a"),
        (31.0, "begin c"),
        (32.0, "begin d"),
    ]
    story = told(lines, log=LOG % ", concurrent: true")
    assert [(one["iteration"], one["took_s"], one["overran"]) for one in story["iterations"]] == [
        ("b", 1, False),
        ("a", 30, True),
        ("c", 1, False),
        ("d", 0, False),
    ]
    assert [one["in_flight"] for one in story["iterations"]] == [False, False, True, True]


def test_a_told_duration_decides(told: Told) -> None:
    log = r'{path: /x, end: "took (?P<duration>[\\d.]+) s", idle_allowance: 5s}'
    story = told([(0, "took 1.5 s"), (60, "took 2.5 s"), (75, "took 12 s")], log=log)
    assert [one["took_s"] for one in story["iterations"]] == [1.5, 57.5, 2.5, 12, 0]
    assert [one["overran"] for one in story["iterations"]] == [False, True, False, True, False]
    assert [one["pause"] for one in story["iterations"]] == [False, True, False, False, False]


def test_a_silence_that_its_end_shows_to_be_a_pause_is_told_apart_and_counts_where_it_is_shown(
    tmp_path: Path, told: Told, capsys: pytest.CaptureFixture[str]
) -> None:
    log = r'{path: /x, end: "took (?P<duration>[\\d.]+) s", idle_allowance: 5s}'
    story = told([(0, "took 1 s"), (5, "took 1 s"), (185, "took 1 s"), (190, "took 1 s")], log=log)
    rows = [
        (one["took_s"], one["overran"], one["pause"], len(one["captures"])) for one in story["iterations"]
    ]
    short = (1, False, False, 0)
    assert rows == [short, short, (179, True, True, 5), short, short, (0, False, False, 0)]
    assert (story["overruns"], story["captures"], story["refused"]) == (1, 1, {"cooldown": 4})
    assert story["duration_s"]["max"] == 1
    assert main(["check", str(tmp_path / "x.yaml"), "--replay", str(tmp_path / "x.log")]) == 0
    out = capsys.readouterr().out
    assert "SILENT, then a short iteration: captured after 15s" in out
    assert "OVERRAN" not in out
    assert "iterations: 4, p50 1s, p99 1s, max 1s, overruns: 1 (1 by silence that was a pause)" in out


def test_a_line_without_a_time_has_that_of_the_line_before(told: Told) -> None:
    words = ["12:00:00 x", "begin 1", "  more", "12:00:03 y", "done 1", "begin 2", "12:00:09 z", "done 2"]
    story = told("".join(f"2023-09-06 {word}\n" if ":" in word else f"{word}\n" for word in words))
    assert [one["took_s"] for one in story["iterations"]] == [3, 6]
    assert story["iterations"][0]["started"] == "2023-09-06 12:00:00.000"


def test_lines_before_the_first_time_have_the_first_time(told: Told) -> None:
    story = told("begin 1\n2023-09-06 12:00:03 y\n2023-09-06 12:00:04 done 1\n")
    assert story["iterations"][0]["took_s"] == 1


def test_equal_lines_have_each_its_own_time(told: Told) -> None:
    text = "".join(f"2023-09-06 12:00:{second:02} x\nturn\n" for second in range(10))
    story = told(text, log='{path: /x, beat: "^turn$", idle_allowance: 1s}')
    assert [one["took_s"] for one in story["iterations"]] == [1] * 9 + [0]


def test_time_that_goes_back_a_little_stands_still(told: Told) -> None:
    story = told([(0, "begin 1"), (5, "noise"), (8, "done 1"), (7.5, "begin 2"), (9, "done 2")])
    assert [one["took_s"] for one in story["iterations"]] == [8, 1]
    assert story["time_went_back"] == []


def test_where_time_goes_far_back_all_is_counted_anew_and_that_is_told(told: Told) -> None:
    story = told([*turns(2, 60, 15), (3000, "begin x"), *turns(2, 60, 15)])
    assert story["time_went_back"] == ["2023-09-06 12:00:00.000Z"]
    assert story["captures"] == 2
    assert [one["iteration"] for one in story["iterations"]] == ["0", "1", "x", "0", "1"]


def test_where_time_leaps_by_more_than_a_day_that_is_told(told: Told) -> None:
    day_s = 86400
    assert told([(0, "begin 1"), (day_s - 1, "done 1")])["time_leapt_ahead"] == []
    story = told([(0, "begin 1"), (5, "done 1"), (9 * day_s, "begin 2"), (10, "done 2"), (20, "begin 3")])
    assert story["time_leapt_ahead"] == ["2023-09-15 12:00:00.000Z"]
    assert story["time_went_back"] == ["2023-09-06 12:00:10.000Z"]


def test_a_log_that_says_nothing_of_iterations_fails_with_the_patterns_and_a_line_of_it(
    tmp_path: Path, told: Told, capsys: pytest.CaptureFixture[str]
) -> None:
    story = told("no time\n2023-09-06 12:00:00 x\x1b[2J\nno times and no words\n")
    assert list(story["unmatched"]) == ["start", "end"]
    assert (story["matched"], story["iterations"]) == (False, [])
    assert main(["check", str(tmp_path / "x.yaml"), "--replay", str(tmp_path / "x.log")]) == 1
    out = capsys.readouterr().out
    assert r"  pattern: begin(?: (?P<iteration>\S+))?" in out
    assert r"  pattern: done" in out
    assert "  a line:  2023-09-06 12:00:00 x [2J" in out
    assert told([(0, "begin 1"), (1, "x")])["matched"]


def test_a_log_of_many_blocks_and_long_lines_is_read_whole(told: Told) -> None:
    noise = "n" * (BLOCK_BYTES + 100)
    lines = [
        (number + part / 4, text) for number in range(8) for part, text in enumerate(["begin", noise, "done"])
    ]
    story = told(lines)
    assert story["lines"] == len(lines)
    assert [one["took_s"] for one in story["iterations"]] == [0.5] * 8


def test_lines_of_a_container_runtime_have_the_time_of_its_frame(told: Told) -> None:
    text = (
        "2023-09-06T12:00:00.5Z stdout F begin 1\n"
        "2023-09-06T12:00:01.5Z stdout P do\n"
        "2023-09-06T12:00:02.5Z stderr F begin nothing else\n"
        "2023-09-06T12:00:03.5Z stdout F ne 1\n"
    )
    story = told(text.replace("begin nothing", "noise"))
    assert [one["took_s"] for one in story["iterations"]] == [3]


def checked(tmp_path: Path, log: bytes, *arguments: str) -> list[str]:
    (tmp_path / "x.yaml").write_text(
        "targets:\n- {name: other, process: {pid: 1}, max_loop_time: 1s}\n"
        f"- {{name: a, process: {{pid: 1}}, max_loop_time: 10s, iterations: [log: {LOG % ''}]}}\n"
    )
    (tmp_path / "x.yaml").chmod(0o600)
    (tmp_path / "x.log").write_bytes(log)
    return ["check", str(tmp_path / "x.yaml"), "--replay", *(arguments or (str(tmp_path / "x.log"),))]


def test_the_table_shows_both_ends_and_all_that_overran(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [(at_s, text) for at_s, text in turns(100, 60, 1) if text != "done 50"]
    arguments = checked(tmp_path, written(sorted([*lines, (3030, "done 50")])).encode())
    assert main(arguments) == 0
    out = capsys.readouterr().out
    assert out.count(" 1s  ") == 20
    assert "... 40 more that did not overrun" in out
    assert "... 39 more" in out
    assert "OVERRAN, captured after 10s" in out
    assert "refused after 20s: cooldown" in out
    assert "iterations: 100, p50 1s, p99 1s, max 30s, overruns: 1" in out
    assert main([*arguments, "--all"]) == 0
    assert capsys.readouterr().out.count(" 1s  ") == 99


def test_a_packed_log_is_read_and_a_torn_one_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    packed = gzip.compress(written(list(turns(3, 60, 1))).encode())
    assert main(checked(tmp_path, packed)) == 0
    assert "iterations: 3" in capsys.readouterr().out
    for torn in (packed[:-20], packed[:10] + b"\xff" * 50):
        assert main(checked(tmp_path, torn)) == 1
        assert "x.log: " in capsys.readouterr().err


def test_standard_input_is_read(tmp_path: Path) -> None:
    arguments = checked(tmp_path, b"", "-")
    text = written(list(turns(3, 60, 1)))
    ended = subprocess.run(
        [sys.executable, "-m", "daemon", *arguments], input=text, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 0
    assert "iterations: 3" in ended.stdout


@pytest.mark.parametrize(
    ("log", "arguments", "code", "words"),
    [
        (b"begin 1\ndone 1\n", (), 1, "no line says when it was written"),
        (b"", ("/nowhere.log",), 1, "/nowhere.log: No such file"),
        (b"", ("/dev/zero",), 1, "/dev/zero: a device"),
        (b"", ("/dev",), 1, "/dev: a directory"),
        (b"", ("x", "--target", "other"), 64, "there are log of a"),
        (b"", ("x", "--source", "none"), 64, "no log or metrics source none"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_cannot_be_replayed_is_told(
    log: bytes,
    arguments: tuple[str, ...],
    code: int,
    words: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(checked(tmp_path, log, *arguments)) == code
    assert words in capsys.readouterr().err


def test_a_bad_configuration_ends_with_78_before_any_log_is_read(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("targets: []")
    (tmp_path / "x.yaml").chmod(0o600)
    assert main(["check", str(tmp_path / "x.yaml"), "--replay", "/nowhere"]) == 78
