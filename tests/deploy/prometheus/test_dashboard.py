"""The dashboard: generated, whole, and every query of it shows something of a daemon that saw a stall."""

import json
import math
import re
import runpy
from typing import Any

import pytest

from tests.deploy.prometheus.conftest import DEPLOY, LABELS, Observed
from tests.prometheus import ask

FOLDER = DEPLOY / "grafana"
Json = dict[str, Any]
DASHBOARD: Json = json.loads((FOLDER / "loopcam.json").read_text())
PANELS: list[Json] = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
VARIABLES: list[Json] = DASHBOARD["templating"]["list"]
CHOSEN = {**LABELS, "job": "loopcam", "target": "second"}
NO_VALUE = {"reason"}  # is empty while a target can be captured


def substituted(expression: str, *, everything: bool) -> str:
    """As Grafana asks it."""
    text = expression.replace("$__rate_interval", "1h").replace("$__range", "1h")
    for name, value in CHOSEN.items():
        text = text.replace(f"${name}", ".*" if everything else value)
    assert "$" not in text
    return text


def test_it_is_what_its_panels_make_of_it() -> None:
    made = runpy.run_path(str(FOLDER / "dashboard.py"))["dashboard"]()
    assert made == DASHBOARD, "run deploy/grafana/dashboard.py"


def test_no_datasource_is_hard_wired() -> None:
    sources = re.findall(r'"uid": "([^"]+)"', json.dumps(DASHBOARD))
    assert set(sources) == {"${datasource}", DASHBOARD["uid"]}
    assert [one["type"] for one in VARIABLES if one["name"] == "datasource"] == ["datasource"]


def test_its_panels_are_numbered_and_lie_side_by_side() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        fields = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not fields & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= fields
    numbers = [panel["id"] for panel in DASHBOARD["panels"]]
    assert numbers == sorted(set(numbers))
    assert len({panel["title"] for panel in PANELS}) == len(PANELS)


@pytest.mark.parametrize("everything", [True, False], ids=["all", "one"])
@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_every_query_of_a_panel_finds_something(observed: Observed, panel: Json, everything: bool) -> None:
    for query in panel["targets"]:
        asked = substituted(query["expr"], everything=everything)
        found = ask(observed.port, "query", query=asked)["result"]
        assert any(math.isfinite(float(one["value"][1])) for one in found), asked
        told = set(re.findall(r"{{(\w+)}}", query["legendFormat"])) - NO_VALUE
        assert all(told <= one["metric"].keys() for one in found), (told, found)


@pytest.mark.parametrize("variable", VARIABLES[1:], ids=lambda variable: variable["name"])
def test_every_variable_has_values_to_choose(observed: Observed, variable: Json) -> None:
    asked = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["definition"])
    assert asked
    series = substituted(asked[1], everything=True)
    values = ask(observed.port, f"label/{asked[2]}/values", **{"match[]": series})
    assert CHOSEN[variable["name"]] in values
