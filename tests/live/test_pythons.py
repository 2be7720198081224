"""Every Python that is installed here can be looked into."""

import os
from pathlib import Path

import pytest

from model.capture import Outcome
from tests.live.captures import Studio
from tests.targets import Targets

VERSIONS = ["3.8", "3.9", "3.10", "3.11", "3.12", "3.13"]


def interpreter(version: str) -> Path | None:
    """The newest of this version that pyenv has."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    return next(iter(sorted(root.glob(f"{version}.*/bin/python"), reverse=True)), None)


@pytest.mark.parametrize("version", VERSIONS)
async def test_the_stall_is_seen(targets: Targets, studio: Studio, version: str) -> None:
    python = interpreter(version)
    if python is None:
        pytest.skip(f"pyenv has no Python {version}; the tests' own stands for it")
    target = targets.start("stalled.py", 2, 3, python=python)
    taken = await studio.take(target.pid, 2)
    assert taken.capture.outcome is Outcome.COMPLETE
    top = taken.manifest.top_stacks[0]
    assert top.function == "the_culprit"
    assert sum("descend" in frame for frame in top.frames) == 4
    assert {"patient", "the_culprit"} <= taken.functions()
