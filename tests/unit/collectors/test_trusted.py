"""A program that looks into others is run only where nobody else could have put it there."""

import os
import shutil
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectors import pyspy_program, trusted
from collectors.pyspy import PySpy
from collectors.trusted import checked
from model.errors import CollectorError
from tests.prerequisites import require

pytestmark = pytest.mark.threat("profiler")

STRANGER = 54321
INSTALLED = Path(sysconfig.get_path("scripts"), "py-spy")


@pytest.fixture
def program(tmp_path: Path) -> Path:
    folder = tmp_path / "opt" / "bin"
    folder.mkdir(parents=True)
    return Path(shutil.copy(INSTALLED, folder))


def refusal(path: Path, package: str | None = None) -> CollectorError:
    with pytest.raises(CollectorError, match="is not run") as caught:
        checked(path, package)
    return caught.value


def test_a_program_that_only_we_can_change_is_run(program: Path) -> None:
    assert checked(program) == str(program)
    assert checked(INSTALLED, "py_spy") == str(INSTALLED)


@pytest.mark.parametrize("place", ["file", "folder", "above"])
def test_what_anybody_may_write_to_is_refused(program: Path, place: str) -> None:
    open_to_all = {"file": program, "folder": program.parent, "above": program.parent.parent}[place]
    open_to_all.chmod(0o777)
    error = refusal(program)
    assert "anybody may put another program in its place" in str(error)
    assert error.remedy.endswith(f"chmod go-w {open_to_all}")
    open_to_all.chmod(0o755)
    assert checked(program)


def test_in_a_sticky_folder_only_the_owner_can_take_it_away(program: Path) -> None:
    program.parent.chmod(0o1777)
    assert checked(program)


@pytest.mark.parametrize("place", ["file", "folder"])
@pytest.mark.parametrize("how", ["user", "group"])
def test_what_another_user_or_group_may_change_is_refused(program: Path, place: str, how: str) -> None:
    require("root")
    theirs = program if place == "file" else program.parent
    os.chown(theirs, *((STRANGER, 0) if how == "user" else (0, STRANGER)))
    theirs.chmod(0o775)
    assert f"the {how} {STRANGER}" in str(refusal(program))


def test_a_group_that_may_change_our_own_code_may_change_it(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As root sees an environment that a user made, whose umask leaves all to his own group, too."""
    require("root")
    code = tmp_path / "code.py"
    code.touch(0o664)
    for each in (program, code):
        os.chown(each, STRANGER, STRANGER)
    program.chmod(0o775)
    code.chmod(0o664)
    monkeypatch.setattr(trusted, "__file__", str(code))
    assert checked(program)
    code.chmod(0o644)
    assert f"the group {STRANGER}" in str(refusal(program))


def test_a_link_is_as_good_as_where_it_lies_and_where_it_leads(program: Path, tmp_path: Path) -> None:
    (tmp_path / "linked").mkdir()
    link = tmp_path / "linked" / "py-spy"
    link.symlink_to(program)
    assert checked(link) == str(link)
    program.parent.chmod(0o777)
    refusal(link)
    program.parent.chmod(0o755)
    link.parent.chmod(0o777)
    refusal(link)


@pytest.fixture
def record(program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An environment of its own, whose py-spy and whose wheel's RECORD may be changed."""
    (own,) = Path(sysconfig.get_path("purelib")).glob("py_spy-*.dist-info/RECORD")
    packages = tmp_path / "packages" / own.parent.name
    packages.mkdir(parents=True)
    paths = {"scripts": str(program.parent), "purelib": str(packages.parent)}
    monkeypatch.setattr(sysconfig, "get_path", paths.__getitem__)
    monkeypatch.delenv(pyspy_program.VARIABLE, raising=False)
    yield Path(shutil.copy(own, packages))
    trusted._as_installed.cache_clear()


def test_other_bytes_than_the_wheels_are_refused_until_it_is_installed_again(
    program: Path, record: Path
) -> None:
    assert PySpy().dump(1).argv[0] == str(program)
    whole, times = program.read_bytes(), program.stat()
    program.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    os.utime(program, ns=(times.st_atime_ns, times.st_mtime_ns))  # whoever does that hides it
    with pytest.raises(CollectorError, match="not the program that was installed") as caught:
        PySpy().dump(1)
    assert "--force-reinstall --no-deps py-spy" in caught.value.remedy
    program.write_bytes(whole)
    assert PySpy().dump(1).argv[0] == str(program)


def test_a_distributions_own_build_without_a_record_is_run(program: Path, record: Path) -> None:
    program.write_bytes(b"#!/bin/sh\n")
    record.unlink()
    assert PySpy().dump(1).argv[0] == str(program)
