"""Write loopcam.json, the dashboard, from panels.yaml: `python deploy/grafana/dashboard.py`."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

Json = dict[str, Any]

HERE = Path(__file__).parent
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
WIDTH, HEIGHT = 24, 7

DAEMON = 'cluster=~"$cluster", namespace=~"$namespace", job=~"$job"'
WORDS = {"DAEMON": DAEMON, "TARGET": f'{DAEMON}, target=~"$target"', "OF": "cluster, namespace, job"}
VARIABLES = {
    "cluster": "label_values(loopcam_build_info, cluster)",
    "namespace": 'label_values(loopcam_build_info{cluster=~"$cluster"}, namespace)',
    "job": 'label_values(loopcam_build_info{cluster=~"$cluster", namespace=~"$namespace"}, job)',
    "target": f"label_values(loopcam_target_state{{{DAEMON}}}, target)",
}
BARS = {"drawStyle": "bars", "fillOpacity": 80, "stacking": {"mode": "normal"}}
CUSTOM: Mapping[str, Json] = {"bars": BARS, "timeseries": {"fillOpacity": 10}}
FORMATS = {"table": "table", "heatmap": "heatmap"}
HIDDEN = ("Time", "Value", "__name__", "container", "endpoint", "instance")  # a table is of labels


def dashboard() -> Json:
    """The whole of it, as Grafana imports it."""
    source = {"label": "Data source", "name": "datasource", "query": "prometheus", "type": "datasource"}
    return {
        "annotations": {"list": []},
        "description": "Control loops that loopcam watches, their stalls, and loopcam itself.",
        "editable": True,
        "graphTooltip": 1,
        "panels": list(_panels(yaml.safe_load((HERE / "panels.yaml").read_text()))),
        "refresh": "30s",
        "schemaVersion": 39,
        "tags": ["loopcam"],
        "templating": {"list": [source, *(_variable(*item) for item in VARIABLES.items())]},
        "time": {"from": "now-3h", "to": "now"},
        "timezone": "browser",
        "title": "loopcam",
        "uid": "loopcam",
        "version": 1,
    }


def _variable(name: str, query: str) -> Json:
    """All of them at first; All also matches series that have no such label."""
    return {
        "allValue": ".*",
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
        "datasource": SOURCE,
        "definition": query,
        "includeAll": True,
        "label": name.capitalize(),
        "multi": True,
        "name": name,
        "query": {"query": query, "refId": name},
        "refresh": 2,
        "sort": 1,
        "type": "query",
    }


def _panels(rows: list[Json]) -> Iterator[Json]:
    number, top = 0, 0
    for title, panels in (item for row in rows for item in row.items()):
        number, left = number + 1, 0
        place = {"h": 1, "w": WIDTH, "x": 0, "y": top}
        yield {
            "collapsed": False,
            "gridPos": place,
            "id": number,
            "panels": [],
            "title": title,
            "type": "row",
        }
        top += 1
        for panel in panels:
            number += 1
            if left + panel["width"] > WIDTH:
                top, left = top + HEIGHT, 0
            yield _panel(panel, number, {"h": HEIGHT, "w": panel["width"], "x": left, "y": top})
            left += panel["width"]
        top += HEIGHT


def _panel(panel: Json, number: int, place: Json) -> Json:
    kind, unit = panel.get("kind", "timeseries"), panel.get("unit", "none")
    organize = {"id": "organize", "options": {"excludeByName": dict.fromkeys(HIDDEN, True)}}
    queries = enumerate(panel["queries"].items())
    return {
        "datasource": SOURCE,
        "description": panel["says"],
        "fieldConfig": {"defaults": {"custom": CUSTOM.get(kind, {}), "unit": unit}, "overrides": []},
        "gridPos": place,
        "id": number,
        "options": {"calculate": False, "yAxis": {"unit": unit}} if kind == "heatmap" else {},
        "targets": [_query(kind, chr(ord("A") + nth), *query) for nth, query in queries],
        "title": panel["title"],
        "transformations": [organize] if kind == "table" else [],
        "type": "timeseries" if kind == "bars" else kind,
    }


def _query(kind: str, name: str, legend: str, expression: str) -> Json:
    return {
        "datasource": SOURCE,
        "expr": re.sub(r"\b(DAEMON|TARGET|OF)\b", lambda word: WORDS[word[0]], expression),
        "format": FORMATS.get(kind, "time_series"),
        "instant": kind == "table",
        "legendFormat": legend,
        "range": kind != "table",
        "refId": name,
    }


if __name__ == "__main__":
    (HERE / "loopcam.json").write_text(json.dumps(dashboard(), indent=2, sort_keys=True) + "\n")
