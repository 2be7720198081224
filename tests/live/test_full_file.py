"""A sampler whose file would grow too large is stopped by the kernel, and the report says so."""

import pytest

from daemon.capture import recorder
from daemon.capture.choice import Sampling
from model.capture import Outcome
from tests.live.austins import program as program
from tests.live.austins import with_austin
from tests.live.captures import Studio
from tests.targets import Targets

MOST_BYTES = 2048  # a second of samples, even of a slow machine


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bound that a second reaches."""
    monkeypatch.setattr(recorder, "MAX_RECORDED_BYTES", MOST_BYTES)


@pytest.mark.fault("T10")
@pytest.mark.usefixtures("small")
async def test_py_spy(targets: Targets, studio: Studio) -> None:
    await stopped(targets, studio, None)


@pytest.mark.fault("T10")
@pytest.mark.usefixtures("small", "program")
async def test_austin(targets: Targets, studio: Studio) -> None:
    await stopped(targets, studio, with_austin())


async def stopped(targets: Targets, studio: Studio, sampling: Sampling | None) -> None:
    target = targets.start("stalled.py")
    taken = await studio.take(target.pid, 30, sampling=sampling, flawed=True)
    assert taken.capture.outcome is Outcome.PARTIAL
    assert "was stopped: what there was room for" in taken.part.detail
    assert taken.part.remedy
    files = [taken.directory / one.path for one in taken.recording.segments]
    assert 0 < sum(file.stat().st_size for file in files) <= MOST_BYTES
    assert b"the_culprit" in taken.text()
    assert taken.seconds < 25
    assert target.state() in "RS"
