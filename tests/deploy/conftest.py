import os
import sysconfig
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def _commands() -> Iterator[None]:
    """Our own command is on the path, as its users have it: Helm's post-renderers call it by its name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ['PATH']}")
        yield
