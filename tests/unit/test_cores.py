"""Tests side by side: what shares something stays together, and the table of faults counts all of them."""

import subprocess
import sys
from pathlib import Path

import pytest

from release import ROOT
from tests.cores import WHOLE, together

FILES = {
    "test_one": """
import os, pytest
from pathlib import Path

proves = pytest.mark.fault  # an example: no proof

@pytest.mark.parametrize("number", range(6))
@proves("S3")
def test_fault(tally, number):
    tally.tries, tally.lost = 10, 0
    Path("one", str(os.getpid())).touch()
""",
    "test_two": """
import os, pytest
from pathlib import Path

proves = pytest.mark.fault  # an example: no proof

@proves("S3")
@pytest.mark.parametrize("number", range(6))
def test_fault(number):
    Path("two", str(os.getpid())).touch()

@proves("L1")
def test_that_fails():
    assert False

@pytest.mark.alone
@proves("T1")
def test_alone():
    Path("alone").touch()
""",
}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Two files, run by two processes: where, and what was printed."""
    folder = tmp_path_factory.mktemp("cores")
    for name, text in FILES.items():
        (folder / f"{name}.py").write_text(text)
    (folder / "one").mkdir()
    (folder / "two").mkdir()
    plugins = ["-p", "tests.tally", "-p", "tests.cores", "-p", "no:schemathesis", "-p", "no:cacheprovider"]
    argv = [sys.executable, "-m", "pytest", *plugins, "-n", "2", "--faults", "-m", "not alone"]
    paths = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(argv, cwd=folder, env=paths, capture_output=True, text=True, timeout=120)
    return folder, done.stdout


def test_the_table_counts_what_ran_in_other_processes(ran: tuple[Path, str]) -> None:
    rows = {line.split(" | ")[0]: line.split(" | ") for line in ran[1].splitlines() if line.startswith("| ")}
    assert (rows["| S3"][2:4], rows["| S3"][-1]) == (["66", "0"], "passed |")
    assert rows["| L1"][-1] == "FAILED 1 |"
    assert rows["| T1"][-1] == "not run |"


def test_a_file_stays_in_one_process(ran: tuple[Path, str]) -> None:
    assert [len(list((ran[0] / name).iterdir())) for name in ("one", "two")] == [1, 1]
    assert not (ran[0] / "alone").exists()


@pytest.mark.parametrize("folder", WHOLE)
def test_what_is_made_once_for_a_folder_is_made_once(folder: str) -> None:
    assert (ROOT / folder / "conftest.py").exists()
    assert together(f"{folder}/test_a.py::test_b[tests/c.py::d]") == folder
    assert together("tests/unit/test_a.py::test_b") == "tests/unit/test_a.py"
