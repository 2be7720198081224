"""Reads `locks/*.txt`: each package with its version and the hashes of all its files."""

import re
from dataclasses import dataclass
from pathlib import Path

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True)
class Locked:
    """One package of a lock."""

    name: str  # as the index compares it: lower case, with hyphens
    version: str
    marker: Marker | None  # where it is installed; None: everywhere
    hashes: tuple[str, ...]  # SHA-256, in hexadecimal


def read(lock: Path) -> dict[str, Locked]:
    """The packages of a lock by their names. ValueError: one has no hash, or not one exact version."""
    joined = lock.read_text().replace("\\\n", " ")
    lines = (line for line in joined.splitlines() if line.strip() and not line.startswith("#"))
    found = [_locked(line) for line in lines]
    return {one.name: one for one in found}


def _locked(line: str) -> Locked:
    requirement = Requirement(line.partition(" --hash")[0])
    pins = list(requirement.specifier)
    hashes = tuple(_HASH.findall(line))
    if len(pins) != 1 or pins[0].operator != "==" or not hashes:
        raise ValueError(f"{line[:60]}: not one version with hashes: run `make lock`")
    return Locked(canonicalize_name(requirement.name), pins[0].version, requirement.marker, hashes)
