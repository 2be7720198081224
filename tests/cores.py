"""How tests share the machine's cores, with `-n auto`: most wait for something most of the time.

A file stays together, so that what its tests share is made once; so does a folder whose fixtures take
minutes. A test that takes all cores, or counts what all of the machine does, is marked `alone`: `make test`
runs it after the others.
"""

import os
from pathlib import PurePath
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

ALONE = "alone"
WHOLE = ("tests/deploy/pods", "tests/deploy/systemd", "tests/deploy/api")  # begun first: they take longest
MOST = 8


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"{ALONE}: needs the machine for itself, and runs after the others")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What takes longest comes first, so that nobody waits for it at the end."""
    if config.getoption("dist", "no") != "no" or hasattr(config, "workerinput"):
        items.sort(key=lambda item: together(item.nodeid) not in WHOLE)


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: somebody always waits."""
    return min(MOST, (os.cpu_count() or 1) + 1)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> "Together":
    config.option.loadscopereorder = False
    return Together(config, log)


def together(nodeid: str) -> str:
    """What runs in one process with this test: its folder of `WHOLE`, or its file."""
    file = nodeid.partition("::")[0]
    folder = str(PurePath(file).parent)
    return folder if folder in WHOLE else file


class Together(LoadScopeScheduling):
    """Gives out files and folders as they come."""

    def _split_scope(self, nodeid: str) -> str:
        return together(nodeid)
