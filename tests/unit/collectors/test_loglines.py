"""Which lines of a log are taken: those of the iteration, within bounds, without secrets."""

import asyncio
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from collectors.contract import Taken
from collectors.loglines import LogLines
from model.capture import Outcome
from model.errors import CollectorError
from model.units import ByteSize, Seconds
from tests.unit.collectors.subjects import OpenWindow, Subject, ourselves

Stamp = Callable[[float], str]


def stamped(form: str, zone: timezone = UTC) -> Stamp:
    """The time so many seconds ago, as a log writes it."""

    def stamp(ago_s: float) -> str:
        return (datetime.now(zone) - timedelta(seconds=ago_s)).strftime(form)

    return stamp


RFC3339 = stamped("%Y-%m-%dT%H:%M:%S.%fZ")
STAMPS = {
    "rfc3339": RFC3339,
    "offset": stamped("%Y-%m-%dT%H:%M:%S%z", timezone(timedelta(hours=-7))),
    "klog": stamped("I%m%d %H:%M:%S.%f       1 main.go:1]"),
    "klog elsewhere": stamped("I%m%d %H:%M:%S.%f       1 main.go:1]", timezone(timedelta(hours=9))),
    "python": stamped("%Y-%m-%d %H:%M:%S,123"),
    "python elsewhere": stamped("%Y-%m-%d %H:%M:%S,123", timezone(timedelta(hours=-3, minutes=-30))),
    "json": stamped('{"level":"info","time":"%Y-%m-%dT%H:%M:%S.%fZ"}'),
}


async def take(
    subject: Subject, into: Path, collector: LogLines | None = None, meanwhile: Callable[[], object] = int
) -> Taken:
    """A whole window, in which something happens."""
    window = OpenWindow()
    taking = asyncio.create_task((collector or LogLines()).collect(subject, window, into, "loglines"))
    asking = asyncio.create_task(window.asked.wait())
    await asyncio.wait((taking, asking), return_when=asyncio.FIRST_COMPLETED)
    asking.cancel()
    meanwhile()
    window.end()
    return await taking


def write(log: Path, *lines: str | bytes, mode: str = "a", end: bytes = b"\n") -> None:
    with log.open(f"{mode}b") as file:
        file.writelines((line.encode() if isinstance(line, str) else line) + end for line in lines)


def names(folder: Path) -> list[str]:
    return os.listdir(folder)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "app.log"


@pytest.fixture
def into(tmp_path: Path) -> Path:
    (tmp_path / "evidence").mkdir()
    return tmp_path / "evidence"


def text(into: Path, name: str = "loglines.log") -> list[str]:
    return (into / name).read_text().splitlines()


@pytest.mark.parametrize("stamp", STAMPS.values(), ids=STAMPS)
async def test_lines_are_cut_at_the_start_of_the_iteration(log: Path, into: Path, stamp: Stamp) -> None:
    write(log, f"{stamp(60)} before", f"{stamp(10)} start", "  a line without a time", f"{stamp(0)} stuck")
    taken = await take(Subject(logs=(str(log),)), into, meanwhile=lambda: write(log, f"{stamp(0)} meanwhile"))
    found = text(into)
    assert [line.rpartition(" ")[2] for line in found[-3:]] == ["time", "stuck", "meanwhile"]
    assert len(found) == 4
    assert taken.detail == ""
    [artifact] = taken.artifacts
    assert (artifact.path, artifact.kind) == ("evidence/loglines.log", "loglines")
    assert artifact.media_type == "text/plain; charset=utf-8"
    assert (into / "loglines.log").stat().st_mode & 0o777 == 0o600


async def test_before_brings_earlier_lines(log: Path, into: Path) -> None:
    write(log, f"{RFC3339(90)} long ago", f"{RFC3339(60)} before", f"{RFC3339(5)} in it")
    await take(Subject(logs=(str(log),)), into, LogLines(before=Seconds(60)))
    assert [line.split()[-1] for line in text(into)] == ["before", "it"]


async def test_lines_without_a_time_are_the_last_ones_and_it_is_said(log: Path, into: Path) -> None:
    write(log, *(f"line {number}" for number in range(1000)))
    taken = await take(Subject(logs=(str(log),)), into, LogLines(max_lines=20))
    assert text(into) == [f"line {number}" for number in range(990, 1000)]
    assert taken.detail == "no line tells its time: these are the last 10 lines before the trigger"


async def test_where_the_iteration_wrote_nothing_the_last_lines_before_it_are_shown(
    log: Path, into: Path
) -> None:
    write(log, *(f"{RFC3339(100)} {number}" for number in range(50)))
    taken = await take(Subject(logs=(str(log),)), into)
    assert len(text(into)) == 20
    assert "no line before the trigger is of the iteration" in taken.detail


async def test_without_an_iteration_the_last_lines_are_taken(log: Path, into: Path) -> None:
    write(log, f"{RFC3339(100)} old")
    taken = await take(Subject(age_s=None, logs=(str(log),)), into)
    assert "no iteration was in flight" in taken.detail
    assert len(text(into)) == 1


async def test_it_is_bounded_on_both_sides_of_the_trigger(log: Path, into: Path) -> None:
    lines = [f"{RFC3339(1)} {number:04d} {'x' * 80}" for number in range(300)]
    write(log, *lines)
    collector = LogLines(max_bytes=ByteSize(8192))
    taken = await take(Subject(logs=(str(log),)), into, collector, lambda: write(log, *lines))
    found = text(into)
    assert 6000 < (into / "loglines.log").stat().st_size <= 8192
    seam = found.index(lines[-1]) + 1
    assert found == lines[300 - seam :] + lines[: len(found) - seam]
    assert "the iteration's first lines are left out" in taken.detail
    assert "the window's last lines are left out" in taken.detail


async def test_a_rotation_in_the_window_loses_nothing(log: Path, into: Path) -> None:
    def rotate() -> None:
        write(log, "last of the old one")
        log.rename(log.with_suffix(".log.1"))
        write(log, "first of the new one")

    write(log, f"{RFC3339(1)} before")
    taken = await take(Subject(logs=(str(log),)), into, meanwhile=rotate)
    assert text(into)[1:] == ["last of the old one", "first of the new one"]
    assert taken.detail == "the log was rotated meanwhile"


async def test_a_file_that_is_emptied_is_read_anew(log: Path, into: Path) -> None:
    write(log, f"{RFC3339(1)} before")
    taken = await take(Subject(logs=(str(log),)), into, meanwhile=lambda: write(log, "anew", mode="w"))
    assert text(into)[1:] == ["anew"]
    assert "emptied" in taken.detail


async def test_a_line_that_the_trigger_cuts_is_whole_and_its_secret_scrubbed(log: Path, into: Path) -> None:
    write(log, f"{RFC3339(1)} login password=c4n", end=b"")

    def go_on() -> None:
        assert "c4n" not in "".join(text(into))  # what an adopted capture would hold
        write(log, "ary and more")

    await take(Subject(logs=(str(log),)), into, meanwhile=go_on)
    assert [line.partition(" ")[2] for line in text(into)] == ["login password=[scrubbed] and more"]


async def test_bytes_that_are_no_utf8_survive_and_more_is_scrubbed_as_asked(log: Path, into: Path) -> None:
    write(log, RFC3339(1).encode() + b" \xff\xfe\r of tenant-17")
    await take(Subject(logs=(str(log),)), into, LogLines(scrub=(r"tenant-\d+",)))
    assert (into / "loglines.log").read_bytes().endswith(b" \xff\xfe\r of [scrubbed]\n")


async def test_several_files_are_several_artifacts(log: Path, into: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.log"
    write(log, f"{RFC3339(1)} one")
    write(other, "two")
    paths = (str(log), str(other), str(tmp_path / "missing.log"))
    taken = await take(Subject(), into, LogLines(path=paths))
    assert [one.path for one in taken.artifacts] == ["evidence/loglines.log", "evidence/loglines.2.log"]
    assert text(into, "loglines.2.log") == ["two"]
    assert f"{other}: no line tells its time" in taken.detail
    assert f"{tmp_path}/missing.log: there is no such file" in taken.detail


async def test_a_file_in_the_targets_own_root(log: Path, into: Path) -> None:
    write(log, f"{RFC3339(1)} here")
    await take(Subject(process=ourselves(), logs=(f"target:{log}",)), into)
    assert text(into)[0].endswith(" here")


@pytest.mark.parametrize(
    ("subject", "outcome", "said"),
    [
        (Subject(), Outcome.NOTHING, "follow no file"),
        (Subject(logs=("/nowhere/app.log",)), Outcome.NOTHING, "no such file"),
        (Subject(logs=("/dev/null",)), Outcome.NOTHING, "no file that"),
        (Subject(logs=("target:/tmp/app.log",)), Outcome.NOTHING, "no process"),
        (
            Subject(process=ourselves(), gone=True, logs=("target:/etc/passwd",)),
            Outcome.TARGET_EXITED,
            "gone",
        ),
    ],
)
async def test_what_cannot_be_read_is_told(subject: Subject, outcome: str, said: str, into: Path) -> None:
    with pytest.raises(CollectorError, match=said) as caught:
        await take(subject, into)
    assert caught.value.outcome == outcome
    assert names(into) == []


async def test_no_descriptor_stays_open(log: Path, into: Path) -> None:
    write(log, "x")
    await take(Subject(logs=(str(log),)), into)
    before = len(os.listdir("/proc/self/fd"))
    await take(Subject(logs=(str(log), f"{log}")), into)
    with pytest.raises(CollectorError):
        await take(Subject(logs=("/dev/null",)), into)
    assert len(os.listdir("/proc/self/fd")) == before


def test_options_that_cannot_be_meant_are_faults() -> None:
    faults = list(LogLines(path=("target:x", "/a"), scrub=("(", "ok")).check())
    assert [(option, value) for option, value, _ in faults] == [("path", "target:x"), ("scrub", "(")]
