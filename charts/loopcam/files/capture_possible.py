"""Asks a daemon's metrics whether each of its targets could be captured now: `helm test` runs it."""

import re
import sys
import urllib.request

_SERIES = re.compile(r"^loopcam_capture_possible\{(.*)\} (\S+)$", re.MULTILINE)


def main(url: str) -> None:
    """One line for each target; fails where one cannot be captured, or there is none."""
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 -- http, to our own Service
        found = _SERIES.findall(answer.read().decode())
    lines = [f"{'possible' if float(value) else 'NOT possible'}: {labels}" for labels, value in found]
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    if not found or any(float(value) == 0 for _, value in found):
        sys.exit("not every target could be captured: `loopcam doctor` in the pod of the daemon says why")


main(sys.argv[1])
