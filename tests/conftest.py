"""Fixtures that several suites share."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.autoscaler import Autoscaler, build
from tests.prerequisites import require
from tests.targets import Targets

# Where a shell runs us in the background, signals are ignored, and would be by every program we start.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# On a busy machine the wall time of an example says nothing: it failed with whatever was drawn just then.
hypothesis.settings.register_profile(
    "busy", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("busy")


@pytest.fixture
def targets() -> Iterator[Targets]:
    """Starts programs of tests/programs and ends them, whatever happens."""
    started = Targets()
    yield started
    started.end()


@pytest.fixture(scope="session")
def go_autoscaler(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The executable of the Go autoscaler, built once for all tests."""
    require("go")
    return build(tmp_path_factory.mktemp("autoscaler"))


@pytest.fixture
def autoscaler(targets: Targets, go_autoscaler: Path) -> Callable[..., Autoscaler]:
    """Starts the Go autoscaler with flags, and ends it whatever happens."""
    return lambda *flags: Autoscaler(targets, go_autoscaler, *flags)
