"""The audit fails on what is known, and says what nobody could be asked about."""

import os
import subprocess
import sys
from pathlib import Path

from release import ROOT, audit

FOUND = [
    {"name": "good", "version": "1", "vulns": []},
    {"name": "bad", "version": "2", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3", "2.1"]}]},
    {"name": "worse", "version": "2", "vulns": [{"id": "PYSEC-2", "fix_versions": []}]},
    {"name": "unknown", "skip_reason": "not found"},
]


def test_each_vulnerability_is_named_with_what_mends_it() -> None:
    assert list(audit.vulnerable(FOUND)) == [
        "bad 2: PYSEC-1: mended in 3, 2.1",
        "worse 2: PYSEC-2: mended in no version yet",
    ]


def test_a_database_that_cannot_be_reached_is_told_and_is_no_failure(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text(f"six==1.17.0 --hash=sha256:{'0' * 64}\n")
    nowhere = {"HTTPS_PROXY": "http://127.0.0.1:1", "NO_PROXY": "", "no_proxy": ""}
    argv = [sys.executable, "-m", "release.audit", str(lock)]
    done = subprocess.run(
        argv, cwd=ROOT, env={**os.environ, **nowhere}, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.startswith("NOT AUDITED: the vulnerability database gave no answer: ")
    assert "run it again where pypi.org is to be reached" in done.stderr
