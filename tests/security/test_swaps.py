"""Where reports are stored a folder and a link change places all the time: nothing beyond it is touched."""

import ctypes
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from model.errors import SinkError
from sinks.file import File
from tests.reports import finished_report
from tests.tally import Tally, Times

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2
DAY = Path("2026/11/21")


def swap(one: str, other: str, over: Event, swaps: "multiprocessing.sharedctypes.Synchronized[int]") -> None:
    libc = ctypes.CDLL(None)
    while not over.is_set():
        if libc.renameat2(_AT_FDCWD, one.encode(), _AT_FDCWD, other.encode(), _RENAME_EXCHANGE) == 0:
            swaps.value += 1


@contextmanager
def swapping(one: Path, other: Path) -> Iterator["multiprocessing.sharedctypes.Synchronized[int]"]:
    context = multiprocessing.get_context("fork")
    over, swaps = context.Event(), context.Value("q", 0)
    process = context.Process(target=swap, args=(str(one), str(other), over, swaps), daemon=True)
    process.start()
    try:
        yield swaps
    finally:
        over.set()
        process.join()


def state(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {str(p): (p.stat().st_mtime_ns, p.read_bytes()) for p in folder.rglob("*") if p.is_file()}


@pytest.mark.threat("links")
@pytest.mark.parametrize("at", [Path(), DAY.parents[1], DAY], ids=["target", "year", "day"])
def test_nothing_is_written_or_removed_beyond_a_link(
    tmp_path: Path, times: Times, tally: Tally, at: Path
) -> None:
    root, theirs = tmp_path / "reports", tmp_path / "theirs"
    sink = File(path=root, keep=1)
    for number in (1, 2):  # named as ours are
        foreign = finished_report(tmp_path / "other", report_id=f"20261121T08580{number}Z-demo-0a1b2c")
        Path(File(path=theirs).store(foreign), "theirs").touch()
    before = state(theirs)
    reports = [
        finished_report(tmp_path / str(n), report_id=f"20261121T08580{n}Z-demo-0a1b2c") for n in (1, 2)
    ]
    sink.store(reports[0])
    link = tmp_path / "link"
    link.symlink_to(theirs / "demo" / at)
    with swapping(root / "demo" / at, link) as swaps:
        stored = refused = 0
        while (swaps.value < 1000 or stored + refused < times(40, 20_000)) and not tally.wrong:
            try:
                sink.store(reports[(stored + refused) % 2])
                stored += 1
            except SinkError:
                refused += 1
            tally.wrong = int(state(theirs) != before)
    tally.tries = stored + refused
    assert not tally.wrong, set(state(theirs)) ^ set(before)
    assert stored
    assert refused
