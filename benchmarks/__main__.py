"""`python -m benchmarks [NAME ...] [--long] [--markdown FILE]`: the figures we aim at."""

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path

from benchmarks import (
    clients,
    dashcam,
    datagrams,
    delivery,
    doctor,
    exposition,
    first_stack,
    heartbeats,
    host,
    idle,
    lateness,
    log_tail,
    machine,
    many_targets,
    modules,
    rendering,
    throughput,
    truth,
)
from benchmarks.figures import FigureError, Row, as_markdown, as_text
from benchmarks.processes import ROOT

FIGURES: dict[str, Callable[[Path, int], list[Row]]] = {
    "idle": idle.measure,
    "many_targets": many_targets.measure,
    "dashcam": dashcam.measure,
    "lateness": lateness.measure,
    "first_stack": first_stack.measure,
    "delivery": delivery.measure,
    "throughput": throughput.measure,
    "truth": truth.measure,
    "heartbeats": heartbeats.measure,
    "datagrams": datagrams.measure,
    "clients": clients.measure,
    "log_tail": log_tail.measure,
    "exposition": exposition.measure,
    "host": host.measure,
    "modules": modules.measure,
    "rendering": rendering.measure,
    "doctor": doctor.measure,
}
LONG_TIMES = 5
BEGIN, END = "<!-- figures -->", "<!-- end -->"


def main() -> int:
    """Take the figures and print the table; 1 when one could not be taken, never for its value."""
    args = _arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that children are ended then too
    where = machine.described()
    rows: list[Row] = []
    failed = 0
    try:
        for name in args.names or FIGURES:
            rows += (found := _taken(name, LONG_TIMES if args.long else 1))
            failed += not found
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    print(f"\n{where}\n\n{as_text(rows)}")
    if args.markdown:
        _write(args.markdown, f"{where}\n\n{as_markdown(rows)}")
    return 1 if failed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(FIGURES)}; default: all")
    parser.add_argument("--long", action="store_true", help=f"{LONG_TIMES} times as many samples")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="also put the table into this page")
    args = parser.parse_args()
    if unknown := [name for name in args.names if name not in FIGURES]:
        parser.error(f"no such figure: {', '.join(unknown)}; there are {', '.join(FIGURES)}")
    if args.markdown and not _has_place(args.markdown):
        parser.error(f"{args.markdown} has no place for the table: {BEGIN} and below it {END}")
    return args


def _taken(name: str, times: int) -> list[Row]:
    """One figure's rows, none when it could not be taken."""
    started_s = time.monotonic()
    print(f"{name} ...", end=" ", file=sys.stderr, flush=True)
    scratch = ROOT / ".bench"  # on a real disk, where fsync costs what it costs
    scratch.mkdir(exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix=f"{name}-", dir=scratch) as folder:
            rows = FIGURES[name](Path(folder), times)
    except (FigureError, HTTPException, OSError) as error:
        print(f"not taken: {type(error).__name__}: {error}", file=sys.stderr)
        return []
    print(f"{time.monotonic() - started_s:.0f} s", file=sys.stderr)
    return rows


def _has_place(page: Path) -> bool:
    return page.exists() and END in page.read_text().partition(BEGIN)[2]


def _write(page: Path, table: str) -> None:
    """Put the table between the marks, and leave the rest as it is."""
    before, _, rest = page.read_text().partition(BEGIN)
    page.write_text(f"{before}{BEGIN}\n{table}\n{END}{rest.partition(END)[2]}")


if __name__ == "__main__":
    sys.exit(main())
