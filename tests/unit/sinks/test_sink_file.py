"""The file sink: whole or not at all, and no more than it may keep."""

import errno
import os
import stat
import time
from pathlib import Path

import pytest

from model.errors import SinkError
from model.report import Report
from model.units import ByteSize, Seconds
from report.render import unrendered
from sinks import file as file_module
from sinks.file import File
from tests.reports import assert_valid_report, finished_report

DAY = "demo/2026/11/21"


def report_of(tmp_path: Path, number: int, target: str = "demo", day: str = "20261121") -> Report:
    report_id = f"{day}T0858{number:02}Z-{target}-0a1b2c"
    return finished_report(tmp_path / "spool", report_id=report_id, target=target)


def kept(root: Path) -> list[str]:
    return sorted(manifest.parent.name for manifest in root.rglob("manifest.json"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "reports"


@pytest.mark.threat("modes")
def test_only_the_owner_can_read(tmp_path: Path, root: Path) -> None:
    File(path=root).store(report_of(tmp_path, 1))
    for path in (root, *root.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


def test_the_oldest_go_first_whatever_their_target(tmp_path: Path, root: Path) -> None:
    reports = [report_of(tmp_path, n, target) for n, target in enumerate("dcba")]
    for report in reports:
        File(path=root, keep=2).store(report)
    assert kept(root) == [report.manifest.id for report in reports[2:]]
    assert sorted(path.name for path in root.iterdir() if path.is_dir()) == ["a", "b"]


def test_the_report_just_stored_stays_also_when_it_is_the_oldest(tmp_path: Path, root: Path) -> None:
    for number in (2, 3, 1):
        File(path=root, keep=1).store(report_of(tmp_path, number))
    assert kept(root) == [report_of(tmp_path, 1).manifest.id]


def test_zero_keeps_all(tmp_path: Path, root: Path) -> None:
    for number in range(4):
        File(path=root, keep=0).store(report_of(tmp_path, number))
    assert len(kept(root)) == 4


def test_what_is_too_old_goes(tmp_path: Path, root: Path) -> None:
    today = time.strftime("%Y%m%d", time.gmtime())
    for report in (report_of(tmp_path, 1, day="20200101"), report_of(tmp_path, 2, day=today)):
        File(path=root, keep_for=Seconds(7 * 86400)).store(report)
    assert kept(root) == [f"{today}T085802Z-demo-0a1b2c"]
    assert not (root / "demo/2020").exists()


def test_all_together_take_no_more_than_allowed(tmp_path: Path, root: Path) -> None:
    size = sum(f.stat().st_size for f in report_of(tmp_path, 0).directory.rglob("*") if f.is_file())
    for number in range(4):
        File(path=root, max_bytes=ByteSize(size * 2.5)).store(report_of(tmp_path, number))
    assert len(kept(root)) == 2


def test_the_newest_stays_also_when_it_is_too_large(tmp_path: Path, root: Path) -> None:
    for number in range(2):
        File(path=root, max_bytes=ByteSize(1)).store(report_of(tmp_path, number))
    assert kept(root) == [report_of(tmp_path, 1).manifest.id]


def test_what_is_not_ours_is_never_removed(tmp_path: Path, root: Path) -> None:
    mine = [root / DAY / name for name in ("20200101T000000Z-mine", "photos", ".photos.zip")]
    for folder in mine:
        folder.mkdir(parents=True)
        (folder / "keep").write_text("x")
    (mine[0] / "manifest.json").write_text('{"id": "another", "path": "x"}')
    (mine[1] / "manifest.json").write_text("not JSON")
    outside = tmp_path / "outside" / "2020/01/01/20200101T000000Z-x"
    outside.mkdir(parents=True)
    path = "linked/2020/01/01/20200101T000000Z-x"
    (outside / "manifest.json").write_text(f'{{"id": "{outside.name}", "path": "{path}"}}')
    (root / "linked").symlink_to(tmp_path / "outside")
    for number in range(2):
        File(path=root, keep=1).store(report_of(tmp_path, number))
    assert all((folder / "keep").exists() for folder in mine)
    assert (outside / "manifest.json").exists()


def test_leftovers_of_a_crash_are_cleared_and_an_old_revision_comes_back(tmp_path: Path, root: Path) -> None:
    first = report_of(tmp_path, 1)
    File(path=root).store(first)
    place = root / first.manifest.path
    place.rename(place.with_name(f".{place.name}.before"))
    half = root / "other/2026/11/20/.20261120T000000Z-other-1.partial"
    half.mkdir(parents=True)
    (half / "capture.json").write_text("{")
    File(path=root).store(report_of(tmp_path, 2))
    assert not (root / "other").exists()
    assert_valid_report(place)
    assert [p.name for p in place.parent.iterdir() if p.name.startswith(".")] == []


def test_a_failing_swap_leaves_the_old_revision(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = report_of(tmp_path, 1)
    File(path=root).store(first)
    newer = Report(directory=first.directory, manifest=unrendered(first.directory, "again"))
    rename, calls = os.rename, []

    def failing(*args: str, **fds: int) -> None:
        calls.append(args)
        if args[0].endswith(".partial"):
            raise OSError(errno.EIO, "Input/output error")
        rename(*args, **fds)

    monkeypatch.setattr(os, "rename", failing)
    with pytest.raises(SinkError) as caught:
        File(path=root).store(newer)
    assert caught.value.retry
    assert assert_valid_report(root / first.manifest.path) == first.manifest
    assert len(calls) == 3


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS, errno.EIO])
def test_a_disk_that_cannot_be_written_is_retried_and_leaves_nothing(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def failing(here: int, name: str, content: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(file_module, "write_file", failing)
    with pytest.raises(SinkError, match=os.strerror(number)) as caught:
        File(path=root).store(report_of(tmp_path, 1))
    assert caught.value.retry
    assert caught.value.remedy
    assert [path for path in root.rglob("*") if "2026112" in path.name] == []


@pytest.mark.threat("links")
@pytest.mark.parametrize("at", ["demo", "demo/2026", DAY, f"{DAY}/20261121T085801Z-demo-0a1b2c"])
def test_nothing_is_written_through_a_symbolic_link(tmp_path: Path, root: Path, at: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (root / at).parent.mkdir(parents=True)
    (root / at).symlink_to(elsewhere)
    with pytest.raises(SinkError, match="symbolic link") as caught:
        File(path=root).store(report_of(tmp_path, 1))
    assert not caught.value.retry
    assert list(elsewhere.iterdir()) == []


def test_a_damaged_copy_is_replaced(tmp_path: Path, root: Path) -> None:
    report = report_of(tmp_path, 1)
    place = Path(File(path=root).store(report))
    (place / "evidence/dump-000.json").unlink()
    File(path=root).store(report)
    assert_valid_report(place)


def test_a_report_that_is_there_is_not_written_again(tmp_path: Path, root: Path) -> None:
    report = report_of(tmp_path, 1)
    place = Path(File(path=root).store(report))
    before = place.stat().st_ino
    File(path=root).store(report)
    assert place.stat().st_ino == before
