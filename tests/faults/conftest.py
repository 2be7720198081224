"""What the fault tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon import looping
from tests.faults.ext4 import on_ext4


@pytest.fixture
def stuck() -> Iterator[int]:
    """The pid of a target that stalls all the time."""
    with looping() as child:
        yield child.pid


@pytest.fixture
def ext4(tmp_path: Path) -> Iterator[Path]:
    """A folder on ext4."""
    with on_ext4(tmp_path) as place:
        yield place
