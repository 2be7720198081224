"""What the log says of sources that hear, do not hear yet, or do not hear any more."""

import asyncio
import logging

import pytest

from daemon.sources.conditions import PATIENCE_S, Conditions
from daemon.sources.contract import Condition
from tests.virtual_time import run

ONE = ("demo", "log")
UP = Condition(True)
MISSING = Condition(False, "no such file", "is the path right?")
ENDED = Condition(False, "it ended", "start it again")


def said(caplog: pytest.LogCaptureFixture, *steps: Condition | float) -> list[str]:
    """What is logged, with its level, when these conditions come after these seconds."""

    async def main(_: object) -> None:
        conditions = Conditions()
        for step in steps:
            if isinstance(step, Condition):
                conditions.note(ONE, step)
            else:
                await asyncio.sleep(step)
        conditions.close()
        await asyncio.sleep(10 * PATIENCE_S)

    with caplog.at_level(logging.INFO, "daemon.sources.conditions"):
        run(main)
    return [f"{record.levelname}: {record.message}" for record in caplog.records]


def test_a_source_that_hears_at_once_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    assert said(caplog, UP, UP, 1.0, UP) == ["INFO: source hears its target"]


def test_a_source_that_is_only_late_is_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    lines = said(caplog, MISSING, MISSING, PATIENCE_S - 1, MISSING, UP, 2 * PATIENCE_S)
    assert lines == ["INFO: source waits", "INFO: source hears its target"]


def test_a_source_that_never_hears_is_a_warning_after_a_while(caplog: pytest.LogCaptureFixture) -> None:
    lines = said(caplog, MISSING, PATIENCE_S + 1, MISSING, ENDED, UP)
    waits, *warnings, hears = lines
    assert (waits, hears) == ("INFO: source waits", "INFO: source hears its target")
    assert warnings == ["WARNING: source hears nothing"] * 2
    assert [record.__dict__["why"] for record in caplog.records[1:3]] == ["no such file", "it ended"]
    assert all(record.__dict__["remedy"] for record in caplog.records[:3])


def test_a_source_that_heard_before_is_a_warning_at_once(caplog: pytest.LogCaptureFixture) -> None:
    lines = said(caplog, MISSING, UP, ENDED, UP)
    assert lines[1:] == [
        "INFO: source hears its target",
        "WARNING: source hears nothing",
        "INFO: source hears its target again",
    ]


def test_a_daemon_that_stops_waits_for_nobody(caplog: pytest.LogCaptureFixture) -> None:
    assert said(caplog, MISSING, 1.0) == ["INFO: source waits"]
