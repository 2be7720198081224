"""Live tests look into real processes: each is bounded, and none begins where looking is forbidden."""

import signal
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.live.captures import Studio
from tests.live.doctors import environment_of
from tests.prerequisites import require
from tests.targets import children

BOUND_S = 60


@pytest.fixture(autouse=True)
def _bounded() -> Iterator[None]:
    """No test hangs: an alarm breaks into whatever it waits for."""
    require("ptrace")

    def too_long(*_: object) -> None:
        pytest.fail(f"took longer than {BOUND_S} s")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(BOUND_S)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(autouse=True)
def _nothing_left() -> Iterator[None]:
    """No profiler outlives its capture."""
    yield
    left = {pid: line for pid, line in children().items() if "py-spy" in line}
    assert not left


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    """Takes captures into a spool of its own."""
    one = Studio(tmp_path / "spool")
    yield one
    one.close()


@pytest.fixture
def environment(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """A loopcam and a py-spy that every user of this machine may run."""
    return environment_of(tmp_path_factory.mktemp)
