"""What the contract suites share."""

from collections.abc import Iterator

import pytest

from tests.servers import moto


@pytest.fixture(scope="session")
def store_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real moto server over HTTP, one for all tests."""
    with moto(tmp_path_factory.mktemp("moto") / "log") as url:
        yield url
