"""Debian's prometheus-node-exporter: what an idle sidecar that somebody else wrote costs."""

import contextlib
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from typing import Final

from benchmarks.apparatus.processes import child
from benchmarks.figures import FigureError

PROGRAM: Final = "prometheus-node-exporter"
_READY_WITHIN_S: Final = 10.0


class Exporter:
    """An exporter that runs."""

    def __init__(self, pid: int, url: str) -> None:
        self.pid = pid
        self._url = url

    def scrape(self) -> None:
        """As Prometheus does."""
        with urllib.request.urlopen(self._url, timeout=10) as answer:
            answer.read()

    def wait(self) -> None:
        """Until it answers; raises FigureError."""
        until_s = time.monotonic() + _READY_WITHIN_S
        while time.monotonic() < until_s:
            with contextlib.suppress(OSError):
                self.scrape()
                return
            time.sleep(0.05)
        raise FigureError(f"{PROGRAM} does not answer")


@contextlib.contextmanager
def exporter() -> Iterator[Exporter]:
    """With its collectors as Debian leaves them; raises FigureError where it is not installed."""
    if shutil.which(PROGRAM) is None:
        raise FigureError(f"there is no {PROGRAM} to compare with: `. .ci/tools` installs it")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    argv = (PROGRAM, f"--web.listen-address=127.0.0.1:{port}", "--log.level=error")
    with child(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        found = Exporter(process.pid, f"http://127.0.0.1:{port}/metrics")
        found.wait()
        yield found
