"""Asks a daemon's metrics whether each of its targets could be captured now: `helm test` runs it."""

import re
import sys
import time
import urllib.request

_SERIES = re.compile(r"^loopcam_capture_possible\{(.*)\} (\S+)$", re.MULTILINE)


def look(url: str) -> list[tuple[str, bool]]:
    """The labels of each target, and whether it could be captured; none while nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 -- http, to our own Service
            found = _SERIES.findall(answer.read().decode())
    except OSError as error:
        sys.stderr.write(f"{url}: {error}\n")
        return []
    return [(labels, float(value) > 0) for labels, value in found]


def main(url: str, wait_s: str) -> None:
    """One line for each target; fails where one cannot be captured after a while, or there is none."""
    until_s = time.monotonic() + float(wait_s)
    found = look(url)
    while not (found and all(possible for _, possible in found)) and time.monotonic() < until_s:
        time.sleep(1)
        found = look(url)
    for labels, possible in found:
        sys.stdout.write(f"{'possible' if possible else 'NOT possible'}: {labels}\n")
    if not found or not all(possible for _, possible in found):
        sys.exit("not every target could be captured: `loopcam doctor` in the pod of the daemon says why")


main(*sys.argv[1:])
