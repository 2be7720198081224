"""Bills of materials as CycloneDX: `python -m release.bill`, or `python -m release.bill image` of an image.

The latter reads what the image says of itself, by the command in docs/image.md.

Licences and what needs what are read from the packages installed here, which are those of the locks;
of the scripts that the wheel carries, from `release.scripts`.
"""

import os
import sys
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, distribution

from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

import daemon
from release import EXTRAS, LOCKS, licences, locks, scripts

NAME = "loopcam"
_BILLS = uuid.UUID("6f1d3f2c-7e0a-5b58-9f4e-0d1f3a9b8c55")  # of which the bills' own numbers are made


@dataclass(frozen=True)
class Part:
    """One line of a bill."""

    name: str
    version: str
    hashes: tuple[str, ...] = ()
    optional: bool = False
    architecture: str | None = None  # of a Debian package; None: of the Python index
    licence: str | None = None  # of a script from the npm registry, which we carry; None: as it says itself


def of_wheel() -> str:
    """What the wheel needs, its extras as optional parts, with the hashes that are locked."""
    needed = locks.read(LOCKS / f"{NAME}.txt")
    extra = [one for name in EXTRAS for one in locks.read(LOCKS / f"{name}.txt").values()]
    everything = needed | {one.name: one for one in extra}
    parts = [Part(one.name, one.version, one.hashes, one.name not in needed) for one in everything.values()]
    return _bill(ComponentType.APPLICATION, [*parts, *_scripts()])


def of_image(lines: Iterable[str]) -> str:
    """What is in an image: lines of `hash  file.whl`, and of `package version architecture` from Debian."""
    return _bill(ComponentType.CONTAINER, [part for line in lines for part in _parts(line.split())])


def _parts(words: list[str]) -> Iterator[Part]:
    if len(words) == 3:
        yield Part(words[0], words[1], architecture=words[2])
    elif len(words) == 2 and words[1].endswith(".whl"):
        name, version, *_ = parse_wheel_filename(words[1])
        if name == NAME:
            yield from _scripts()
        else:
            yield Part(name, str(version), (words[0],))


def _scripts() -> Iterator[Part]:
    """What the wheel itself brings along of others."""
    for one in scripts.carried():
        yield Part(one.name, one.version, one.hashes, licence=scripts.LICENCES[one.name])


def _bill(kind: ComponentType, parts: Iterable[Part]) -> str:
    whole = Component(name=NAME, type=kind, version=daemon.__version__, bom_ref=NAME)
    whole.licenses.add(LicenseExpression("Apache-2.0"))
    components = {part.name: _component(part) for part in sorted(parts, key=lambda part: part.name)}
    bill = Bom(components=components.values())
    bill.metadata.component = whole
    bill.metadata.timestamp = datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", "0")), UTC)
    listed = " ".join(f"{one.purl}" for one in components.values())
    bill.serial_number = uuid.uuid5(_BILLS, f"{kind} {daemon.__version__} {listed}")
    for name, component in {NAME: whole, **components}.items():
        needed = needs(name) | (set(scripts.LICENCES) if name == NAME else set())
        bill.register_dependency(component, [components[one] for one in needed if one in components])
    return JsonV1Dot6(bill).output_as_string(indent=2) + "\n"


def _component(part: Part) -> Component:
    """A part with its licence, and the hashes of the files that may be installed as it."""
    if part.architecture:
        purl = PackageURL("deb", "debian", part.name, part.version, {"arch": part.architecture})
    elif part.licence:
        purl = PackageURL("npm", None, part.name, part.version)
    else:
        purl = PackageURL("pypi", None, part.name, part.version)
    scope = ComponentScope.OPTIONAL if part.optional else ComponentScope.REQUIRED
    made = Component(name=part.name, version=part.version, purl=purl, bom_ref=str(purl), scope=scope)
    if not part.architecture and (expression := part.licence or _licence(part)):
        made.licenses.add(LicenseExpression(expression))
    if part.hashes:
        hashes = [HashType(alg=HashAlgorithm.SHA_256, content=one) for one in part.hashes]
        kind = ExternalReferenceType.DISTRIBUTION
        made.external_references.add(ExternalReference(type=kind, url=XsUri(str(purl)), hashes=hashes))
    return made


def _licence(part: Part) -> str | None:
    try:
        installed = distribution(part.name)
    except PackageNotFoundError:
        return None  # of another platform
    return licences.licence(part.name, installed.metadata) if installed.version == part.version else None


def needs(name: str) -> set[str]:
    """The names of what an installed package requires, of us with all extras."""
    try:
        required = [Requirement(one) for one in distribution(name).requires or ()]
    except PackageNotFoundError:
        return set()
    extras = EXTRAS if name == NAME else ("",)
    wanted = (
        one for one in required if not one.marker or any(one.marker.evaluate({"extra": x}) for x in extras)
    )
    return {canonicalize_name(one.name) for one in wanted}


if __name__ == "__main__":
    sys.stdout.write(of_image(sys.stdin) if sys.argv[1:] == ["image"] else of_wheel())
