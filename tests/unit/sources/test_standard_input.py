import asyncio
import os
import pty
from pathlib import Path

from daemon.sources.log.readers.stdin import StandardInput
from tests.sources import Taken, fails, reading, until


async def test_a_pipe_is_read_as_it_is_written() -> None:
    readable, writable = os.pipe()
    async with reading(StandardInput(readable)) as taken:
        os.write(writable, b"half ")
        await until(lambda: taken.text(fresh=True) == b"half ", "the half")
        os.write(writable, b"line\n")
        await until(lambda: taken.text(fresh=True) == b"half line\n", "the line")
    assert os.get_blocking(readable)  # as it was, for others that read from it
    os.close(readable)
    os.close(writable)


async def test_its_end_is_told() -> None:
    readable, writable = os.pipe()
    os.write(writable, b"last words")
    os.close(writable)
    taken, reader = Taken(), StandardInput(readable)
    failing = asyncio.create_task(reader.read(taken.take))
    await until(failing.done, "its end")
    assert "standard input ended" in str(failing.exception())
    assert taken.text() == b"last words"
    assert taken.pieces[-1].ends
    assert "ended" in str(await fails(reader))  # and again, when it is tried again
    os.close(readable)


async def test_a_file_was_written_before_and_is_not_fresh(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"x" * 100_000 + b"\n")
    descriptor = os.open(tmp_path / "log", os.O_RDONLY)
    taken = Taken()
    failing = asyncio.create_task(StandardInput(descriptor).read(taken.take))
    await until(failing.done, "its end")
    assert "ended" in str(failing.exception())
    assert taken.text(fresh=False) == b"x" * 100_000 + b"\n"
    assert taken.text(fresh=True) == b""
    os.close(descriptor)


async def test_nothing_comes_from_dev_null() -> None:
    descriptor = os.open("/dev/null", os.O_RDONLY)
    assert "standard input ended" in str(await fails(StandardInput(descriptor)))
    os.close(descriptor)


async def test_a_terminal_is_refused() -> None:
    ours, theirs = pty.openpty()
    error = await fails(StandardInput(theirs))
    assert "a terminal" in str(error)
    assert "pipe" in error.remedy
    os.close(ours)
    os.close(theirs)


async def test_a_closed_descriptor_is_told() -> None:
    readable, writable = os.pipe()
    os.close(readable)
    os.close(writable)
    assert "Bad file descriptor" in str(await fails(StandardInput(readable)))
