"""`python -m tests.fuzz [TARGET ...] [--executions N]`: each parser so often, led by coverage (atheris)."""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SLOW_S = 1
MEMORY_MIB = 256


def one(name: str, executions: int) -> None:
    """Fuzz a parser in this process; libFuzzer ends it."""
    import atheris

    with atheris.instrument_imports(include=["daemon", "model", "report"]):
        from tests.fuzz.targets import TARGETS, fire
    target = TARGETS[name]
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(target.seeds):
            Path(corpus, str(number)).write_bytes(seed)
        bounds = [f"-runs={executions}", f"-timeout={SLOW_S}", f"-rss_limit_mb={MEMORY_MIB}", "-max_len=4096"]
        atheris.Setup([sys.argv[0], *bounds, corpus], lambda data: fire(target, data))
        atheris.Fuzz()


def every(chosen: list[str], executions: int) -> int:
    """Each in a process of its own; says how each went, and gives how many failed."""
    from tests.fuzz.targets import TARGETS

    failed = 0
    for name in chosen or TARGETS:
        if name not in TARGETS:
            sys.exit(f"there is no target {name!r}; name one of {', '.join(TARGETS)}")
        began_s = time.monotonic()
        argv = [sys.executable, "-m", "tests.fuzz", "--one", name, "--executions", str(executions)]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        said = "ok" if done.returncode == 0 else f"FAILED\n{(done.stdout + done.stderr)[-4000:]}"
        took_s = time.monotonic() - began_s
        print(f"{name:20} {executions:>10} executions  {took_s:6.1f} s  {said}", flush=True)
        failed += done.returncode != 0
    return failed


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", help="all of them when left out")
    parser.add_argument("--executions", type=int, default=200_000)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:  # before anything of ours is imported, so that atheris can follow it
        one(asked.one, asked.executions)
        return 0
    return min(1, every(asked.targets, asked.executions))


if __name__ == "__main__":
    sys.exit(main())
