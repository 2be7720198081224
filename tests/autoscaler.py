"""The Go autoscaler of tests/programs/autoscaler: built once, started with flags, told to stall."""

import os
import subprocess
from pathlib import Path

from tests.targets import PROGRAMS, Targets

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
    """One that runs; `address` is HOST:PORT of its HTTP."""

    def __init__(self, targets: Targets, binary: Path, *flags: str) -> None:
        self.program = targets.run(str(binary), *flags)
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

    def go(self) -> None:
        """End the stall."""
        self.program.tell("go")
        assert self.program.hear() == "done"
