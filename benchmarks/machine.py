"""Where and with what the figures were taken."""

import os
import platform
import time
from importlib.metadata import version
from pathlib import Path


def described() -> str:
    """One line: cores, processor, kernel, Python, py-spy, load and day."""
    return ", ".join(
        (
            f"{len(os.sched_getaffinity(0))} cores ({_processor()})",
            f"{platform.system()} {platform.release()}",
            f"{platform.python_implementation()} {platform.python_version()}",
            f"py-spy {version('py-spy')}",
            f"loopcam {version('loopcam')}",
            f"load before {os.getloadavg()[0]:.1f}",
            time.strftime("%Y-%m-%d", time.gmtime()),
        )
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
