"""A py-spy that fails at first, as it does where stacks change while it reads them."""

import sys
from pathlib import Path

from collectors.contract import Command
from collectors.pyspy import PySpy

OF_LOOKS = "Error: Failed to get stack traces\n\nCaused by:\n    0: Failed to copy PyThreadState"
OF_RECORDINGS = "Error: Failed to find a python interpreter in the .data section"


def stumbling(real: Command, tries: str, fails: int, said: str) -> Command:
    """The command, which fails so many times; each try leaves a letter in a file."""
    code = (
        f"import os, sys\nwith open({tries!r}, 'a') as file: file.write('x')\n"
        f"if os.stat({tries!r}).st_size <= {fails}: sys.exit({said!r})\n"
        "os.execv(sys.argv[1], sys.argv[1:])"
    )
    return Command(argv=(sys.executable, "-I", "-c", code, *real.argv), deadline_s=real.deadline_s)


class TornLooks(PySpy, frozen=True, kw_only=True):
    """Its first looks fail."""

    tries: str
    fails: int
    said: str = OF_LOOKS

    def dump(self, pid: int) -> Command:
        """Fail, or look in earnest."""
        return stumbling(PySpy.dump(self, pid), self.tries, self.fails, self.said)


class TornStarts(PySpy, frozen=True, kw_only=True):
    """Its first recordings do not begin."""

    tries: str
    fails: int
    said: str = OF_RECORDINGS

    def record(self, pid: int, rate_hz: int, seconds: float, file: Path) -> Command:
        """Fail, or record in earnest."""
        real = PySpy.record(self, pid, rate_hz, seconds, file)
        return stumbling(real, self.tries, self.fails, self.said)
