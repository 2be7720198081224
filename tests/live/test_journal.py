import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.sources.log.readers.journal import Journal
from tests import journals
from tests.journals import UNIT
from tests.prerequisites import require
from tests.sources import Noted, Taken, fails, reading, until
from tests.targets import children, wait_until

FOLLOWING = "journalctl --follow"


@pytest.fixture(autouse=True)
def _journal() -> None:
    require("journal")


@pytest.fixture
def written(tmp_path: Path) -> Iterator[journals.Journal]:
    with journals.journal(tmp_path) as one:
        one.write(b"before")
        wait_until(lambda: "before" in journals.shown(tmp_path), "the journal is written")
        yield one


def following() -> bool:
    return any(FOLLOWING in line for line in children().values())


async def heard(taken: Taken, journal: journals.Journal) -> None:
    """Wait until the reader is at work: it hears the last of several marks."""

    def says() -> bool:
        journal.write(b"mark")
        return b"mark\n" in taken.text()

    await until(says, "the reader hears something")


async def test_a_units_lines_are_followed_from_now_on(tmp_path: Path, written: journals.Journal) -> None:
    async with reading(Journal(UNIT, tmp_path, Noted())) as taken:
        await heard(taken, written)
        written.write(b"another unit's", unit="other.service")
        written.write(b"one")
        written.write(b"two\nlines")
        written.write(b"not text \xff\x00")
        written.write()
        written.write(b"several", b"messages")
        written.write(b"x" * 60_000)
        written.write(b"last")
        await until(lambda: taken.text().endswith(b"last\n"), "the last")
        lines = b"one\ntwo\nlines\nnot text \xff\x00\nseveral\nmessages\n" + b"x" * 60_000 + b"\nlast\n"
        assert taken.text().replace(b"mark\n", b"") == lines
        assert all(piece.fresh for piece in taken.pieces)
    assert not following()


async def test_what_came_while_nobody_read_is_read_and_not_fresh(
    tmp_path: Path, written: journals.Journal
) -> None:
    note = Noted()
    async with reading(Journal(UNIT, tmp_path, note)) as taken:
        await heard(taken, written)
        written.write(b"known")
        await until(lambda: taken.text().endswith(b"known\n"), "the last")
    for _ in range(100):
        written.write(b"missed")
    async with reading(Journal(UNIT, tmp_path, note)) as taken:
        await until(lambda: taken.text() == 100 * b"missed\n", "what was missed")
        assert taken.text(fresh=True) == b""
        written.write(b"now")
        await until(lambda: taken.text(fresh=True) == b"now\n", "what is new")


async def test_another_boots_lines_are_left_out(tmp_path: Path, written: journals.Journal) -> None:
    async with reading(Journal(UNIT, tmp_path, Noted())) as taken:
        await heard(taken, written)
        written.write(b"of another machine", boot="0" * 31 + "1")
        written.write(b"ours")
        await until(lambda: taken.text().endswith(b"ours\n"), "our line")
        assert b"another" not in taken.text()


async def test_a_journal_that_is_rotated_is_followed(tmp_path: Path, written: journals.Journal) -> None:
    async with reading(Journal(UNIT, tmp_path, Noted())) as taken:
        await heard(taken, written)
        with journals.journal(tmp_path, "next") as another:
            another.write(b"in the next file")
            await until(lambda: taken.text().endswith(b"in the next file\n"), "the line")


async def test_a_journal_that_is_still_empty_is_waited_for(tmp_path: Path) -> None:
    async with reading(Journal(UNIT, tmp_path, Noted())) as taken:
        await until(following, "journalctl runs")
        with journals.journal(tmp_path) as written:
            await heard(taken, written)


async def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    error = await fails(Journal(UNIT, tmp_path / "none", Noted()))
    assert "No such file or directory" in str(error)


async def test_a_damaged_bookmark_is_told(tmp_path: Path, written: journals.Journal) -> None:
    error = await fails(Journal(UNIT, tmp_path, Noted("nonsense")))
    assert "cursor" in str(error)


async def test_without_journalctl_the_remedy_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daemon.sources.log.readers.journal.PROGRAM", str(tmp_path / "journalctl"))
    error = await fails(Journal(UNIT, None, Noted()))
    assert "no program" in str(error)
    assert "install" in error.remedy


async def test_a_journal_that_is_not_ours_to_read_is_told(
    tmp_path: Path, written: journals.Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    require("root", "setpriv")
    wrapper = tmp_path / "journalctl"
    wrapper.write_text('#!/bin/sh\nexec setpriv --reuid 65534 --clear-groups journalctl "$@"\n')
    wrapper.chmod(0o755)
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    monkeypatch.setattr("daemon.sources.log.readers.journal.PROGRAM", str(wrapper))
    (tmp_path / "app.journal").chmod(0o600)
    error = await fails(Journal(UNIT, tmp_path, Noted()))
    assert "cannot be read" in str(error)
    assert "systemd-journal" in error.remedy


async def test_journalctl_that_ends_is_told(tmp_path: Path, written: journals.Journal) -> None:
    failing = asyncio.create_task(fails(Journal(UNIT, tmp_path, Noted())))
    await until(following, "journalctl runs")
    (pid,) = [pid for pid, line in children().items() if FOLLOWING in line]
    os.kill(pid, signal.SIGKILL)
    assert "journalctl ended (-9)" in str(await failing)
