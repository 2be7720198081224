"""The printed table of faults, put into a page: one place for `make faults`, one for `make soak`."""

import os
import platform
import time
from collections.abc import Sequence

BEGIN = {False: "<!-- results of make faults -->", True: "<!-- results of make soak -->"}
END = "<!-- end -->"


def about(seconds: float) -> str:
    """When, where and how long."""
    machine = f"{os.cpu_count()} cores, Linux {platform.release()}, Python {platform.python_version()}"
    return f"{time.strftime('%Y-%m-%d', time.gmtime())}, {machine}, {seconds / 60:.0f} minutes:"


def put(page: str, lines: Sequence[str], *, soak: bool) -> str:
    """The page with these lines in their place; raises ValueError where it has none."""
    before, begin, rest = page.partition(BEGIN[soak])
    if not begin or END not in rest:
        raise ValueError(f"the page needs {BEGIN[soak]} and {END}: put them where the table should be")
    return "\n".join([before + begin, *lines, END + rest.partition(END)[2]])
