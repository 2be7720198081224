"""`check --replay` of scrapes that were recorded, each below a line that tells its time."""

import gzip
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from daemon.__main__ import main

BEGAN = 1_694_000_000
RUNS = "{start: loop_start, end: loop_took_count, idle_allowance: 15s}"
LOG = '{log: {path: /x.log, start: "begin", end: "done"}}'
Told = Callable[..., Any]


def loop(started_s: float | None, ends: int, sum_s: float) -> str:
    start = "" if started_s is None else f"loop_start {BEGAN + started_s}\n"
    return f"# HELP loop_start When.\n{start}loop_took_sum {sum_s}\nloop_took_count {ends}\n"


def history(*scrapes: tuple[float, str]) -> str:
    return "".join(f"# scraped {BEGAN + at_s}\n{text}" for at_s, text in scrapes)


def stalled() -> Iterator[tuple[float, str]]:
    """A scrape every 5 s: one iteration of 4 s, then one of 100 s."""
    yield 0, loop(-1, 7, 70)
    yield 5, loop(-1, 8, 74)
    yield from ((at_s, loop(7, 8, 74)) for at_s in range(10, 110, 5))
    yield 110, loop(7, 9, 174)


@pytest.fixture
def told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Told:
    """Replays a history, and gives what `--json` says of it."""

    def replay(text: str | bytes, options: str = RUNS, *arguments: str) -> Any:
        data = text if isinstance(text, bytes) else text.encode()
        (tmp_path / "x.metrics").write_bytes(data)
        source = f"{{metrics: {options}}}"
        config = (
            "targets: [{name: a, process: {pid: 1}, address: 'h:1', max_loop_time: 30s, "
            f"iterations: [{LOG}, {source}]}}]"
        )
        (tmp_path / "x.yaml").write_text(config)
        (tmp_path / "x.yaml").chmod(0o600)
        replay = ["check", str(tmp_path / "x.yaml"), "--replay", str(tmp_path / "x.metrics"), "--json"]
        code = main([*replay, *arguments])
        said = capsys.readouterr()
        story = json.loads(said.out)
        assert code == (0 if story["matched"] else 1), said.err
        return story

    return replay


def test_iterations_and_captures_are_those_of_the_daemon(told: Told) -> None:
    story = told(history(*stalled()))
    assert (story["scrapes"], story["overruns"], story["captures"]) == (23, 1, 1)
    rows = [(one["took_s"], one["overran"], len(one["captures"])) for one in story["iterations"]]
    assert rows == [(4, False, 0), (100, True, 2)]
    first, again = story["iterations"][1]["captures"]
    assert (first["age_s"], first["refused"]) == (37.5, "")  # interval and deadline after the threshold
    assert again["refused"] == "cooldown"
    assert story["from"] == "2023-09-06 11:33:20.000Z"


def test_a_stall_from_before_the_history_counts(told: Told) -> None:
    story = told(history((0, loop(-500, 7, 70)), (5, loop(-500, 7, 70))))
    assert story["captures"] == 1
    assert story["iterations"][0]["in_flight"]


def test_a_scrape_that_failed_is_no_overrun_and_an_overrun_through_it_is_one(told: Told) -> None:
    gap = [(float(at_s), "") for at_s in range(15, 600, 5)]
    ended = told(history((0, loop(-1, 7, 70)), (5, loop(4, 7, 70)), *gap, (600, loop(590, 9, 80))))
    assert (ended["overruns"], ended["captures"]) == (0, 0)
    hung = told(history((0, loop(-1, 7, 70)), (5, loop(4, 7, 70)), *gap, (600, loop(4, 7, 70))))
    assert hung["captures"] == 1
    assert hung["iterations"][-1]["captures"][0]["age_s"] == 596  # nobody could know before


def test_what_ended_between_two_scrapes_does_not_fire(told: Told) -> None:
    story = told(history((0, loop(-1, 7, 70)), (10, loop(9, 7, 70)), (70, loop(65, 8, 95))))
    assert story["captures"] == 0
    assert story["iterations"][0]["took_s"] == 25


def test_gauges_of_seconds_side_by_side(told: Told) -> None:
    def ages(**values: float) -> str:
        return "".join(f'age{{name="{name}"}} {value}\n' for name, value in values.items())

    story = told(
        history((0, ages(a=1, b=0)), *((at_s, ages(a=1 + at_s, b=at_s / 100)) for at_s in range(5, 65, 5))),
        "{in_flight_seconds: age}",
    )
    assert story["captures"] == 1
    assert {one["iteration"][:3] for one in story["iterations"] if one["overran"]} == {"a #"}


def test_a_replica_on_standby_and_a_wrong_path_match_nothing_and_say_why(
    told: Told, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not told(history((0, loop(None, 0, 0))))["matched"]
    story = told(history((0, "go_info 1\n"), (5, "go_info 1\n")))
    assert story["unmatched"] == {"start": ["loop_start"], "end": ["loop_took_count"]}
    assert main(["check", str(tmp_path / "x.yaml"), "--replay", str(tmp_path / "x.metrics")]) == 1
    out = capsys.readouterr().out
    assert "0 scrapes matched `start` of source metrics: the answer holds no loop_start" in out
    assert "there are 1 others, such as go_info" in out
    assert "  series: loop_start" in out


@pytest.mark.parametrize("stamp", ["1694000000", "1694000000.123456789", "2023-09-06T11:33:20Z"])
def test_the_time_of_a_scrape_is_unix_time_or_iso_8601(told: Told, stamp: str) -> None:
    story = told(f"# scraped {stamp}\n{loop(-500, 7, 70)}")
    assert story["from"].startswith("2023-09-06 11:33:20")
    assert datetime.fromtimestamp(BEGAN, UTC).isoformat().startswith("2023-09-06T11:33:20")


def test_a_packed_history_is_read_and_one_that_goes_back_counts_anew(told: Told) -> None:
    packed = gzip.compress(history(*stalled(), *stalled()).encode())
    story = told(packed)
    assert (story["captures"], len(story["time_went_back"])) == (2, 1)


@pytest.mark.parametrize("text", ["# scraped yesterday\nloop_start 1\n", "# scraped\nloop_start 1\n"])
def test_a_history_without_times_is_told(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], told: Told
) -> None:
    told(history(*stalled()))
    (tmp_path / "x.metrics").write_text(text)
    assert main(["check", str(tmp_path / "x.yaml"), "--replay", str(tmp_path / "x.metrics")]) == 1
    assert "put `# scraped TIME` before each scrape" in capsys.readouterr().err


def test_a_history_for_a_configuration_without_metrics_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x.yaml").write_text(
        f"targets: [{{name: a, process: {{pid: 1}}, max_loop_time: 30s, iterations: [{LOG}]}}]"
    )
    (tmp_path / "x.yaml").chmod(0o600)
    (tmp_path / "x.metrics").write_text(history(*stalled()))
    assert main(["check", str(tmp_path / "x.yaml"), "--replay", str(tmp_path / "x.metrics")]) == 64
    assert "no metrics source to replay it to" in capsys.readouterr().err
