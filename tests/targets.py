"""Little programs as targets, started and ended for a test."""

import contextlib
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

PROGRAMS = Path(__file__).with_name("programs")
PATIENCE_S = 20.0


class Program:
    """A program that says `ready`, and obeys lines on its standard input."""

    def __init__(self, argv: list[str], env: Mapping[str, str]) -> None:
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(argv, stdin=pipe, stdout=pipe, env={**os.environ, **env})
        self.pid = self.process.pid
        self._heard = b""

    def tell(self, line: str) -> None:
        """Say a line to it."""
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def hear(self) -> str:
        """Its next line."""
        assert self.process.stdout is not None
        end_s = time.monotonic() + PATIENCE_S
        while b"\n" not in self._heard:
            left_s = end_s - time.monotonic()
            readable, _, _ = select.select([self.process.stdout], [], [], max(0.0, left_s))
            assert readable, f"{self.process.args!r} says nothing"
            data = os.read(self.process.stdout.fileno(), 4096)
            assert data, f"{self.process.args!r} ended"
            self._heard += data
        line, _, self._heard = self._heard.partition(b"\n")
        return line.decode()

    def kill(self) -> None:
        """End it and wait until its number is free."""
        self.process.kill()
        self.process.communicate()

    def cpu_ticks(self) -> int:
        """The processor time it has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    def state(self) -> str:
        """The scheduler's state of its main thread."""
        return state(self.pid)


class Targets:
    """Starts programs, and ends all of them."""

    def __init__(self) -> None:
        self._programs: list[Program] = []

    def start(
        self,
        program: str,
        *arguments: object,
        python: str | Path = sys.executable,
        env: Mapping[str, str] | None = None,
    ) -> Program:
        """Run `tests/programs/PROGRAM` and wait until it is ready."""
        return self.run(str(python), str(PROGRAMS / program), *map(str, arguments), env=env)

    def run(self, *argv: str, env: Mapping[str, str] | None = None, tell: str = "") -> Program:
        """Run any command that says `ready`, once it was told something where that is given."""
        started = Program(list(argv), env or {})
        self._programs.append(started)
        if tell:
            started.tell(tell)
        assert started.hear() == "ready"
        return started

    def end(self) -> None:
        """Kill what still runs."""
        for program in reversed(self._programs):  # a tracer before whom it traces
            program.kill()


def wait_until(condition: Callable[[], object], what: str, within_s: float = PATIENCE_S) -> None:
    """Wait for a condition; fails when it does not come true."""
    end_s = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end_s, f"not within {within_s:g} s: {what}"
        time.sleep(0.005)


def state(pid: int) -> str:
    """The scheduler's state of a process, `X` when there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "X"


def children(pid: int | None = None) -> dict[int, str]:
    """The living children of a process (of us), with their command lines."""
    found = {}
    for listed in Path(f"/proc/{pid or os.getpid()}/task").glob("*/children"):
        with contextlib.suppress(OSError):  # ended meanwhile
            for child in map(int, listed.read_text().split()):
                if state(child) not in "XZ":
                    found[child] = Path(f"/proc/{child}/cmdline").read_text().replace("\0", " ")
    return found
