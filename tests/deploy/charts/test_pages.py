"""The values in the documentation are values that the charts take."""

import re
from pathlib import Path

import pytest
import yaml

from tests.deploy.charts.helm import AUTOSCALER, ROOT, STANDALONE, config, manifests

_BLOCK = re.compile(r"^```yaml\n((?:loopcam|config):\n.*?)^```", re.MULTILINE | re.DOTALL)
_CHARTS = {"loopcam": AUTOSCALER, "config": STANDALONE}
_BLOCKS = [
    (page, block)
    for page in sorted((ROOT / "docs").glob("*.md"))
    for block in _BLOCK.findall(page.read_text())
]


@pytest.mark.parametrize(("page", "block"), _BLOCKS, ids=[page.name for page, _ in _BLOCKS])
def test_the_values_on_a_page_are_rendered(page: Path, block: str) -> None:
    values = yaml.safe_load(block)
    assert config(manifests(_CHARTS[next(iter(values))], values)).targets


def test_there_are_values_on_the_page_about_kubernetes() -> None:
    assert {block.partition(":")[0] for page, block in _BLOCKS if page.name == "kubernetes.md"} == set(
        _CHARTS
    )


def test_the_example_of_the_standalone_charts_page_is_rendered() -> None:
    page = (STANDALONE / "README.md").read_text()
    example = yaml.safe_load(page.split("<<'YAML'\n")[1].split("\nYAML\n")[0])
    assert config(manifests(STANDALONE, example)).targets
