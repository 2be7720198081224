"""Scripts of others that the wheel itself carries: name and version are in their files' names."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from release import ROOT

ASSETS = ROOT / "report" / "assets"  # with their licences' texts in LICENSES.md
_FILE = re.compile(r"(?P<name>.+)-(?P<version>[0-9.]+)\.min\.(?:js|css)")
# By the name in the npm registry: d3-flame-graph has parts of other d3 modules built into it
LICENCES = {
    "d3-flame-graph": "Apache-2.0 AND BSD-3-Clause AND ISC",
    "d3-selection": "ISC",
    "uplot": "MIT",
}
_PUBLISHED = {"d3-flamegraph": "d3-flame-graph"}


@dataclass(frozen=True)
class Script:
    """One of them, with the SHA-256 of each of its files as they are carried."""

    name: str
    version: str
    hashes: tuple[str, ...]


def carried() -> Iterator[Script]:
    """All of them; LookupError for one that nobody has named here with its licence."""
    hashes: dict[tuple[str, str], list[str]] = {}
    for file in sorted(ASSETS.glob("*.*s")):
        if (named := _FILE.fullmatch(file.name)) is None:
            raise LookupError(f"{file}: NAME-VERSION.min.js or .css is expected")
        name = _PUBLISHED.get(named["name"], named["name"])
        found = hashes.setdefault((name, named["version"]), [])
        found.append(hashlib.sha256(file.read_bytes()).hexdigest())
    for (name, version), several in hashes.items():
        if name not in LICENCES:
            raise LookupError(f"{name}: add its licence to {__name__}.LICENCES, and its text to LICENSES.md")
        yield Script(name, version, tuple(several))
