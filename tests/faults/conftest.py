"""What the fault tests share."""

from collections.abc import Iterator

import pytest

from tests.daemon import looping


@pytest.fixture
def stuck() -> Iterator[int]:
    """The pid of a target that stalls all the time."""
    with looping() as child:
        yield child.pid
