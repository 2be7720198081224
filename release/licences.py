"""Which licence a package has, as an SPDX expression, and which we accept.

Packages say it by an expression, or in words of their own. Words are translated here, so that somebody looks
at a new way of saying it.
"""

from importlib.metadata import PackageMetadata

_WORDS = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache-2.0": "Apache-2.0",
    "BSD-2-Clause": "BSD-2-Clause",
    "BSD-3-Clause": "BSD-3-Clause",
    "GPLv3+": "GPL-3.0-or-later",
    "MIT": "MIT",
    "MPL-2.0": "MPL-2.0",
    "PSF-2.0": "PSF-2.0",
}
# What says no more than "BSD", or nothing: looked up in the text that comes with it
_BY_NAME = {
    "google-re2": "BSD-3-Clause",
    "py-spy": "MIT",
    "pyasn1-modules": "BSD-2-Clause",
    "python-dateutil": "Apache-2.0 OR BSD-3-Clause",
}
PERMISSIVE = {"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0", "PSF-2.0"}
# By name, with the reason
ACCEPTED = {
    "austin-dist": "GPL-3.0-or-later: a program of its own, started and never linked; an extra",
    "austin-python": "GPL-3.0-or-later: imported by the converter alone, a process of its own; an extra",
    "certifi": "MPL-2.0: certificates as they come, unchanged; of the extra gcs",
}


def licence(name: str, metadata: PackageMetadata) -> str | None:
    """An SPDX expression; None where the package says nothing that we know."""
    words = metadata.get("License-Expression") or _WORDS.get((metadata.get("License") or "").strip())
    return words or _BY_NAME.get(name)


def acceptable(name: str, expression: str | None) -> bool:
    """Whether all of it is permissive, or the package is accepted by its name."""
    if name in ACCEPTED:
        return expression is not None
    words = (expression or "none").replace("(", " ").replace(")", " ").split()
    return set(words) - {"AND", "OR"} <= PERMISSIVE
