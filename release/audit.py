"""Whether a locked package has a known vulnerability: `python -m release.audit [LOCK...]`.

Exit code 1 with one, each named with what mends it. What the database could not be asked about is named too,
and is no failure: a machine without a way to it must be able to run the checks.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from release import LOCKS

TIMEOUT_S = 15
WHOLE_S = 300
_FEW = 5
_REMEDY = "  run it again where pypi.org is to be reached, whose database it asks"


def main() -> int:
    """Every lock that is named, or else those of development and of fuzzing, which name all packages."""
    files = [Path(one) for one in sys.argv[1:]] or [LOCKS / "dev.txt", LOCKS / "fuzz.txt"]
    found = asked(files)
    if isinstance(found, str):
        print(f"NOT AUDITED: the vulnerability database gave no answer: {found}\n{_REMEDY}", file=sys.stderr)
        return 0
    unknown = [one["name"] for one in found if "skip_reason" in one]
    if unknown:
        silent = f"{_some(unknown)}, of {len(found)} packages"
        print(f"NOT AUDITED: the database gave no answer on {silent}\n{_REMEDY}", file=sys.stderr)
    lines = list(vulnerable(found))
    print(
        *lines, f"{len(found) - len(unknown)} packages audited, {len(lines)} vulnerabilities known", sep="\n"
    )
    return 1 if lines else 0


def asked(files: Sequence[Path]) -> list[dict[str, Any]] | str:
    """What pip-audit says of each package, or why it could not."""
    argv = [sys.executable, "-m", "pip_audit", "--require-hashes", "--disable-pip", "--format", "json"]
    argv += ["--progress-spinner", "off", "--timeout", str(TIMEOUT_S)]
    argv += [word for file in files for word in ("--requirement", str(file))]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=WHOLE_S, check=False)
        found: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except subprocess.TimeoutExpired:
        return f"not within {WHOLE_S} s"
    except ValueError:
        return (done.stderr.strip().splitlines() or ["pip-audit said nothing"])[-1]
    return found


def vulnerable(found: Sequence[dict[str, Any]]) -> Iterator[str]:
    """A line for each known vulnerability."""
    for one in found:
        for known in one.get("vulns", ()):
            mended = ", ".join(known["fix_versions"]) or "no version yet"
            yield f"{one['name']} {one['version']}: {known['id']}: mended in {mended}"


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_FEW]) + (f" and {len(names) - _FEW} more" if len(names) > _FEW else "")


if __name__ == "__main__":
    sys.exit(main())
