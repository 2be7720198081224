"""What a few values render, whole, so that a change to the templates is seen in a review.

Written again by `LOOPCAM_SNAPSHOTS=write pytest tests/deploy/charts/test_snapshots.py`.
"""

import os
from pathlib import Path

import pytest

from tests.deploy.charts.helm import AUTOSCALER, STANDALONE, Values, text
from tests.deploy.charts.matrix import SIDECARS, STANDALONES

SNAPSHOTS = Path(__file__).parent / "snapshots"
_CASES: dict[str, tuple[Path, Values]] = {
    "sidecar": (AUTOSCALER, SIDECARS["defaults"]),
    "sidecar-native-ptrace": (AUTOSCALER, SIDECARS["native ptrace"]),
    "standalone": (STANDALONE, STANDALONES["all objects"]),
}


@pytest.mark.parametrize("name", _CASES)
def test_it_renders_what_it_did(name: str) -> None:
    file, found = SNAPSHOTS / f"{name}.yaml", text(*_CASES[name])
    if os.environ.get("LOOPCAM_SNAPSHOTS") == "write":
        file.write_text(found)
    assert found == file.read_text(), f"if it is meant: LOOPCAM_SNAPSHOTS=write pytest {Path(__file__).name}"
