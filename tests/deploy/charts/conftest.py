import pytest

from tests.prerequisites import require


@pytest.fixture(autouse=True)
def _helm() -> None:
    require("helm")
