"""verify names every damage, and nothing else."""

import os
from pathlib import Path

import pytest

from model.report import CAPTURE_FILE, MANIFEST_FILE
from tests.reports import finished_report


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return finished_report(tmp_path).directory


def _verify(home: Path) -> str:
    from report.verify import verify

    return "\n".join(verify(home))


def test_a_whole_report_has_no_faults(home: Path) -> None:
    assert _verify(home) == ""


def test_a_changed_byte_is_named(home: Path) -> None:
    file = home / CAPTURE_FILE
    file.write_bytes(file.read_bytes().replace(b"demo", b"Demo", 1))
    assert _verify(home) == f"{CAPTURE_FILE}: its content was changed"


def test_a_shortened_file_is_named(home: Path) -> None:
    os.truncate(home / "evidence" / "pyspy-000.json", 10)
    assert _verify(home).startswith("evidence/pyspy-000.json: 10 bytes, not ")


def test_a_missing_file_is_named(home: Path) -> None:
    (home / "evidence" / "pyspy-001.json").unlink()
    assert _verify(home) == "evidence/pyspy-001.json: missing"


def test_a_file_nobody_listed_is_named(home: Path) -> None:
    (home / "evidence" / "extra.txt").write_text("x")
    assert _verify(home) == "evidence/extra.txt: not in the manifest"


def test_an_unreadable_manifest_is_a_fault(home: Path) -> None:
    (home / MANIFEST_FILE).write_bytes(b"{")
    assert _verify(home).startswith(f"{MANIFEST_FILE}: cannot be read: ")


def test_a_directory_without_manifest_is_a_fault(tmp_path: Path) -> None:
    assert _verify(tmp_path).startswith(f"{MANIFEST_FILE}: cannot be read: ")


def test_a_path_that_leads_out_of_the_report_is_not_followed(home: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.json"
    (home / CAPTURE_FILE).rename(outside)
    manifest = home / MANIFEST_FILE
    manifest.write_bytes(manifest.read_bytes().replace(b'"capture.json"', b'"../outside.json"'))
    assert "../outside.json: leads out of the report" in _verify(home)


def test_an_impossible_name_is_a_fault(home: Path) -> None:
    manifest = home / MANIFEST_FILE
    manifest.write_bytes(manifest.read_bytes().replace(b'"capture.json"', b'"a\\u0000b"'))
    assert "no file can have this name" in _verify(home)


def test_a_link_is_not_followed(home: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.json"
    (home / CAPTURE_FILE).rename(outside)
    (home / CAPTURE_FILE).symlink_to(outside)
    assert _verify(home) == f"{CAPTURE_FILE}: leads out of the report"


def test_leftovers_of_a_crashed_rendering_do_not_disturb(home: Path) -> None:
    left = home / ".rendering-1"
    left.mkdir()
    (left / "report.html").write_text("half")
    assert _verify(home) == ""
