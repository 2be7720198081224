"""Fixtures that several suites share."""

import signal
from collections.abc import Iterator

import pytest

from tests.targets import Targets

# Where a shell runs us in the background, signals are ignored, and would be by every program we start.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture
def targets() -> Iterator[Targets]:
    """Starts programs of tests/programs and ends them, whatever happens."""
    started = Targets()
    yield started
    started.end()
