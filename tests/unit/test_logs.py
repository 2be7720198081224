import io
import json
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon import logs


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root, aiohttp = logging.getLogger(), logging.getLogger("aiohttp")
    handlers, level, aiohttp_level = root.handlers[:], root.level, aiohttp.level
    root.handlers = []
    yield
    root.handlers, root.level, aiohttp.level = handlers, level, aiohttp_level


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def record(message: str = "report stored", level: int = logging.INFO, **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("daemon.app", level, __file__, 1, message, (), None)
    vars(made).update(extra)
    return made


def words(**extra: object) -> str:
    return logs.Words(colour=False).format(record(**extra)).partition(" ")[2]


def test_the_time_is_a_date_and_a_zone() -> None:
    made = record()
    made.created = 1_795_269_036.9
    assert logs.Words(colour=False).format(made).startswith("2026-11-21T13:50:36Z report stored")


def test_words_come_before_their_fields() -> None:
    assert words(report="r-1", bytes=12) == "report stored  report=r-1  bytes=12"


def test_fields_without_a_value_are_left_out_of_words() -> None:
    assert words(remedy="", attempts=0) == "report stored  attempts=0"


def test_a_warning_says_so_where_there_is_no_colour() -> None:
    said = logs.Words(colour=False).format(record("cut off", logging.WARNING))
    assert said.endswith(" warning: cut off")


def test_colour_tells_a_warning_on_a_terminal() -> None:
    said = logs.Words(colour=True).format(record("cut off", logging.WARNING, sink="s3"))
    assert "\x1b[33mcut off\x1b[0m" in said
    assert "warning" not in said


def test_values_with_spaces_are_quoted_and_stay_readable() -> None:
    assert words(why="für immer zu") == 'report stored  why="für immer zu"'


def test_json_has_one_object_a_line_with_all_fields() -> None:
    said = json.loads(logs.JsonLines().format(record(report="r-1", bytes=12, remedy="")))
    assert said.pop("time").endswith("+00:00")
    assert said == {
        "level": "info",
        "message": "report stored",
        "report": "r-1",
        "bytes": 12,
        "remedy": "",
    }


def test_a_traceback_follows_words_and_is_a_field_of_json() -> None:
    try:
        raise ValueError("boom")
    except ValueError as error:
        failed = record("capture failed", logging.ERROR)
        failed.exc_info = (ValueError, error, error.__traceback__)
    assert logs.Words(colour=False).format(failed).endswith("ValueError: boom")
    assert json.loads(logs.JsonLines().format(failed))["traceback"].endswith("ValueError: boom")


HOSTILE = ["a\nb", "\x1b[2J", "\x9b31m", "a\u2028b", "\u202egnp", "\x85", "\udcff", "", "=", '"', "a b"]


@pytest.mark.threat("labels")
@pytest.mark.parametrize("value", HOSTILE)
def test_no_value_forges_a_line_or_moves_the_cursor(value: str) -> None:
    for line in (words(said=value), logs.JsonLines().format(record(name=value))):
        assert line.isprintable()
        line.encode()


@given(st.text())
def test_any_value_stays_on_its_line_and_comes_back(value: str) -> None:
    line = logs.JsonLines().format(record(said=value))
    assert len(line.splitlines()) == 1
    assert json.loads(line)["said"] == value
    assert len(words(said=value).splitlines()) == 1


def test_what_json_does_not_know_is_told_as_text() -> None:
    line = logs.JsonLines().format(record(error=OSError(28, "full")))
    assert json.loads(line)["error"] == "[Errno 28] full"


def test_lines_go_to_the_stream_in_the_form_asked_for() -> None:
    stream = io.StringIO()
    logs.set_up("json", stream)
    logging.getLogger("daemon.app").info("loopcam watches", extra={"targets": "scaler"})
    logging.getLogger("aiohttp.access").info("GET /")
    (line,) = stream.getvalue().splitlines()
    assert json.loads(line)["targets"] == "scaler"


@pytest.mark.parametrize(("stream", "coloured"), [(Terminal(), True), (io.StringIO(), False)])
def test_colour_is_for_terminals_only(stream: io.StringIO, coloured: bool) -> None:
    logs.set_up("text", stream)
    logging.getLogger("daemon.app").warning("cut off")
    assert ("\x1b[" in stream.getvalue()) is coloured


def test_lines_for_the_journal_bear_their_level_and_no_time() -> None:
    inner = logs.ForJournal(logs.Words(colour=False, timed=False))
    assert inner.format(record(report="x")) == "<6>report stored  report=x"
    assert inner.format(record("bad", logging.WARNING)) == "<4>warning: bad"
    assert inner.format(record("worse", logging.ERROR)) == "<3>error: worse"
    assert inner.format(record("detail", logging.DEBUG)) == "<7>detail"
    assert logs.ForJournal(logs.JsonLines()).format(record()).startswith('<6>{"time": ')


def test_every_line_of_a_traceback_bears_the_level() -> None:
    try:
        raise ValueError("x")
    except ValueError:
        made = record(level=logging.ERROR)
        made.exc_info = sys.exc_info()
    lines = logs.ForJournal(logs.Words(colour=False)).format(made).splitlines()
    assert len(lines) > 3
    assert all(line.startswith("<3>") for line in lines)


def test_a_stream_is_the_journal_only_when_systemd_says_so(tmp_path: Path) -> None:
    with (tmp_path / "stream").open("w") as stream:
        status = os.fstat(stream.fileno())
        assert logs.in_journal(stream, {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"})
        assert not logs.in_journal(stream, {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino + 1}"})
        assert not logs.in_journal(stream, {})
    assert not logs.in_journal(io.StringIO(), {"JOURNAL_STREAM": "1:2"})
