"""The JSON Schema of `manifest.json`; `python -m report.schema` writes it where the documentation has it."""

from pathlib import Path
from typing import Any

import msgspec

from model.manifest import Manifest

FILE = Path(__file__).parent.parent / "docs" / "manifest.schema.json"


def schema() -> dict[str, Any]:
    """The JSON Schema of a manifest."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "loopcam manifest",
        **msgspec.json.schema(Manifest),
    }


def text() -> bytes:
    """The schema as it stands in the file."""
    return msgspec.json.format(msgspec.json.encode(schema()), indent=2) + b"\n"


if __name__ == "__main__":
    FILE.write_bytes(text())
