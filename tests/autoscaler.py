"""The Go autoscaler of tests/programs/autoscaler: built once, started with flags, told to stall."""

import os
import subprocess
import time
import urllib.request
from pathlib import Path

from tests.targets import PATIENCE_S, PROGRAMS, Targets

SOURCE = PROGRAMS / "autoscaler"
BUILDING_S = 600.0


def build(folder: Path) -> Path:
    """Its executable, built in this folder; the standard library is all that it needs."""
    binary = folder / "autoscaler"
    env = {**os.environ, "GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOTOOLCHAIN": "local", "CGO_ENABLED": "0"}
    argv = ["go", "build", "-o", str(binary), "."]
    done = subprocess.run(
        argv, cwd=SOURCE, env=env, capture_output=True, text=True, timeout=BUILDING_S, check=False
    )
    assert done.returncode == 0, done.stderr
    return binary


class Autoscaler:
    """One that runs; `address` is HOST:PORT of its HTTP. It logs nowhere, unless a flag says where."""

    def __init__(self, targets: Targets, binary: Path, *flags: str) -> None:
        self.program = targets.run(str(binary), "--log", os.devnull, *flags)
        self.address = self.program.hear()

    @property
    def pid(self) -> int:
        """Its process number."""
        return self.program.pid

    @property
    def port(self) -> int:
        """The port of its HTTP."""
        return int(self.address.rpartition(":")[2])

    def stall(self, kind: str) -> None:
        """Make its next iteration stall, and wait until that one does."""
        self.program.tell(f"stall {kind}")
        assert self.program.hear() == f"stalled {kind}"

    def wait_for(self, function: str, count: int = 1) -> None:
        """Wait until so many goroutines are in this function."""
        url = f"http://{self.address}/debug/pprof/goroutine?debug=2"
        end_s = time.monotonic() + PATIENCE_S
        while True:
            with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
                if answer.read().count(f"\n{function}(".encode()) >= count:
                    return
            assert time.monotonic() < end_s, f"not {count} in {function}"
            time.sleep(0.02)

    def go(self) -> None:
        """End the stall."""
        self.program.tell("go")
        assert self.program.hear() == "done"
