"""Locks and what they are made of say the same, and name files by their hashes only."""

import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from release import CONSTRAINTS, EXTRAS, LOCKS, ROOT, locks
from release.lock import BESIDE, pins

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
WANTED = {
    "loopcam": PROJECT["dependencies"],
    "dev": [
        *PROJECT["dependencies"],
        *(one for more in PROJECT["optional-dependencies"].values() for one in more),
    ],
    **{extra: PROJECT["dependencies"] + PROJECT["optional-dependencies"][extra] for extra in EXTRAS},
    **BESIDE,
}


@pytest.mark.parametrize("name", WANTED)
def test_a_lock_has_what_is_asked_for(name: str) -> None:
    locked = locks.read(LOCKS / f"{name}.txt")
    for asked in map(Requirement, WANTED[name]):
        assert asked.specifier.contains(locked[canonicalize_name(asked.name)].version), "run `make lock`"


def test_there_is_no_other_lock() -> None:
    assert {one.stem for one in LOCKS.iterdir()} == set(WANTED)


def test_locks_and_constraints_name_the_same_versions() -> None:
    assert CONSTRAINTS.read_text().splitlines() == pins(LOCKS.glob("*.txt")), "run `make lock`"


def test_each_lock_names_a_package_in_the_same_version() -> None:
    names = [one.partition("==")[0] for one in pins(LOCKS.glob("*.txt"))]
    assert len(names) == len(set(names))


def test_no_lock_names_an_index() -> None:
    assert not [one.name for one in LOCKS.iterdir() if "://" in one.read_text()]


@pytest.mark.threat("supply")
def test_what_is_installed_here_is_what_is_locked() -> None:
    here = [one for one in locks.read(LOCKS / "dev.txt").values() if not one.marker or one.marker.evaluate()]
    assert {one.name: version(one.name) for one in here} == {one.name: one.version for one in here}, (
        "make env"
    )


@pytest.mark.threat("supply")
@pytest.mark.parametrize("line", ["a==1", "a>=1 --hash=sha256:" + "0" * 64, "a --hash=sha256:" + "0" * 64])
def test_a_package_without_its_version_or_hash_is_refused(line: str, tmp_path: Path) -> None:
    (tmp_path / "lock.txt").write_text(f"{line}\n")
    with pytest.raises(ValueError, match="make lock"):
        locks.read(tmp_path / "lock.txt")
