"""Embeds the configuration's schema in those of the Helm charts: `python -m daemon.config.chart_schemas`."""

import json
import sys
from pathlib import Path
from typing import Any

from daemon.config.schema import json_schema

LIBRARY, STANDALONE = "loopcam-lib", "loopcam"
SCHEMA_FILE = "values.schema.json"
_AHEAD = "^(?!"  # Helm's regular expressions have no lookahead


def embedded(written: str, shared: dict[str, Any] | None = None) -> str:
    """The text of a chart's schema with current definitions of `config` and `reference`.

    All others are written by hand; `shared` are the definitions of another chart, which replace its own.
    """
    schema = json.loads(written)
    schema["definitions"] = (shared or schema["definitions"]) | _generated()
    return _laid_out(schema)


def definitions(written: str) -> dict[str, Any]:
    """What a chart's schema defines for others."""
    found: dict[str, Any] = json.loads(written)["definitions"]
    return found


def _generated() -> dict[str, Any]:
    config = json_schema()
    reference = config.pop("$defs")["reference"]
    for key in ("$schema", "required"):  # the templates say in words that `targets` is missing
        del config[key]
    return {"reference": reference, "config": _for_helm(config)}


def _for_helm(value: Any) -> Any:
    """The same schema as of draft-07, which every Helm reads."""
    if isinstance(value, list):
        return [_for_helm(one) for one in value]
    if not isinstance(value, dict):
        return value
    made = {key: _for_helm(one) for key, one in value.items()}
    if "$ref" in made and isinstance(made["$ref"], str):
        made["$ref"] = made["$ref"].replace("#/$defs/", "#/definitions/")
    pattern = made.get("pattern")
    if isinstance(pattern, str) and pattern.startswith(_AHEAD):
        never, _, rest = pattern.removeprefix(_AHEAD).partition(")")
        made |= {"pattern": f"^{rest}", "not": {"pattern": f"^{never}"}}
    return made


def _laid_out(schema: dict[str, Any]) -> str:
    """What is written by hand in lines of its own, the configuration's in one: its lines are in the docs."""
    config = schema["definitions"]["config"]
    short = schema | {"definitions": schema["definitions"] | {"config": "HERE"}}
    return json.dumps(short, indent=2).replace('"HERE"', json.dumps(config, separators=(",", ":"))) + "\n"


def main(charts: Path) -> None:
    """Write the schemas of both charts again."""
    library, standalone = (charts / name / SCHEMA_FILE for name in (LIBRARY, STANDALONE))
    library.write_text(embedded(library.read_text()))
    standalone.write_text(embedded(standalone.read_text(), definitions(library.read_text())))


if __name__ == "__main__":
    main(Path(*(sys.argv[1:] or ["charts"])))
