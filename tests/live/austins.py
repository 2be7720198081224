"""Every austin there is, for tests: the installed one, and a 4.x where one is named."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectors import austin
from collectors.austin import Austin
from collectors.austin_program import Program, probe
from collectors.pyspy import PySpy
from daemon.capture import trials
from daemon.capture.choice import Sampling
from tests.prerequisites import prefer, require
from tests.targets import children

ALL = ["installed", "austin 4"]


@pytest.fixture(params=ALL)
def program(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Program]:
    """An austin, which captures use then; what earlier tests found out of it is forgotten."""
    require("austin", "austin-python")
    if request.param == "austin 4":
        prefer("austin 4", "the installed one")
        path = os.environ["LOOPCAM_TEST_AUSTIN_4"]
        found = probe(path, Path(path).stat().st_mtime_ns)
        assert isinstance(found, Program)
        monkeypatch.setattr(austin, "probed", lambda: found)
    monkeypatch.setattr(trials, "_unfit", {})
    yield austin.probed()
    left = {pid: line for pid, line in children().items() if "austin" in line}
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert not left


def with_austin(sampler: Austin | None = None) -> Sampling:
    """Captures with austin, as `sampler: austin` asks for."""
    others = {"austin": sampler or Austin()}
    return Sampling(name="pyspy", looker=PySpy(), others=others, asked="austin")
