"""Fixtures that several suites share."""

from collections.abc import Iterator

import pytest

from tests.targets import Targets


@pytest.fixture
def targets() -> Iterator[Targets]:
    """Starts programs of tests/programs and ends them, whatever happens."""
    started = Targets()
    yield started
    started.end()
