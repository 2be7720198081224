"""The charts' schemas, values and pages, as far as no helm is needed."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from daemon import __version__
from daemon.config import chart_schemas, chart_tables

CHARTS = Path(__file__).parents[3] / "charts"
LIBRARY, STANDALONE = CHARTS / "loopcam-lib", CHARTS / "loopcam"
charts = pytest.mark.parametrize("chart", [LIBRARY, STANDALONE], ids=lambda chart: chart.name)


def schema(chart: Path) -> str:
    return (chart / chart_schemas.SCHEMA_FILE).read_text()


def test_the_configuration_in_the_schemas_is_current() -> None:
    assert schema(LIBRARY) == chart_schemas.embedded(schema(LIBRARY)), "make docs"
    shared = chart_schemas.definitions(schema(LIBRARY))
    assert schema(STANDALONE) == chart_schemas.embedded(schema(STANDALONE), shared), "make docs"


@charts
def test_the_schema_is_one_that_every_helm_reads(chart: Path) -> None:
    jsonschema.Draft7Validator.check_schema(json.loads(schema(chart)))
    assert "(?" not in schema(chart)  # Go's regular expressions have no lookahead


@charts
def test_the_schema_knows_every_value_and_every_value_is_known(chart: Path) -> None:
    known, values = json.loads(schema(chart)), yaml.safe_load((chart / "values.yaml").read_text())
    jsonschema.Draft7Validator(known).validate(values)
    ours = set(known["properties"]) - {"global", "loopcam-lib"}  # what Helm adds
    assert ours == set(values)


@charts
def test_everything_is_strict(chart: Path) -> None:
    def loose(node: Any, path: str) -> list[str]:
        if isinstance(node, list):
            return [each for place, one in enumerate(node) for each in loose(one, f"{path}/{place}")]
        if not isinstance(node, dict):
            return []
        here = [path] if node.get("properties") and node.get("additionalProperties") is not False else []
        return here + [each for key, one in node.items() for each in loose(one, f"{path}/{key}")]

    assert [one for one in loose(json.loads(schema(chart)), "") if not one.endswith("loopcam-lib")] == []


@charts
def test_every_value_has_a_comment(chart: Path) -> None:
    found = list(chart_tables.documented((chart / "values.yaml").read_text()))
    assert len(found) > 20
    assert [one.key for one in found if not one.comment] == []


@charts
def test_the_table_on_the_page_is_current(chart: Path) -> None:
    page = (chart / "README.md").read_text()
    assert chart_tables.PLACE.search(page)
    assert page == chart_tables.fill(page, (chart / "values.yaml").read_text()), "make docs"


@charts
def test_the_chart_has_the_version_of_the_daemon(chart: Path) -> None:
    about = yaml.safe_load((chart / "Chart.yaml").read_text())
    assert (about["version"], about["appVersion"]) == (__version__, __version__)
    assert [one["version"] for one in about.get("dependencies", ())] in ([], [__version__])


def test_a_link_in_the_repository_leads_to_the_library() -> None:
    for place in (STANDALONE, CHARTS.parent / "deploy" / "examples" / "autoscaler"):
        link = place / "charts" / "loopcam-lib"
        assert link.is_symlink()
        assert link.resolve() == LIBRARY
        assert not link.readlink().is_absolute()
