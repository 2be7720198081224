"""The figures we aim at: `python -m benchmarks [NAME ...]`; of two commits: `... compare COMMIT COMMIT`."""

import argparse
import signal
import sys
import tempfile
import time
from http.client import HTTPException
from pathlib import Path

from benchmarks import gates, machine, pages, results
from benchmarks.apparatus.processes import ROOT
from benchmarks.comparing import command as comparing
from benchmarks.experiments import EXPERIMENTS, QUICK
from benchmarks.figures import FigureError
from benchmarks.gates import Kind
from benchmarks.results import Results, Taken

LONG_TIMES = 5
TRIES = 3  # for CI: a bound counts as broken when it is so each time


def main() -> int:
    """Take the figures and print the table; 1 when one could not be taken, or a bound for CI is broken."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that children are ended then too
    try:
        if sys.argv[1:2] == ["compare"]:
            return comparing.main(sys.argv[2:])
        args = _arguments()
        return _quick() if args.quick else _measure(args)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(EXPERIMENTS)}; default: all")
    parser.add_argument("--long", action="store_true", help=f"{LONG_TIMES} times as many samples")
    parser.add_argument("--times", type=float, default=1.0, metavar="SHARE", help="this share of the samples")
    parser.add_argument(
        "--quick", action="store_true", help=f"only {', '.join(QUICK)}, held against the bounds for CI"
    )
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="also write them as JSON; what else the file holds stays"
    )
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="also put the tables into this page")
    args = parser.parse_args()
    if unknown := [name for name in args.names if name not in EXPERIMENTS]:
        parser.error(f"no such experiment: {', '.join(unknown)}; there are {', '.join(EXPERIMENTS)}")
    if args.markdown and not pages.has_place(args.markdown):
        parser.error(f"{args.markdown} lacks the marks {pages.TABLE} and {pages.BESIDE}")
    return args


def _measure(args: argparse.Namespace) -> int:
    bounds = gates.load()
    where = machine.described()
    found: Results = {}
    names = args.names or list(EXPERIMENTS)
    for name in names:
        if taken := _taken(name, LONG_TIMES if args.long else args.times, where):
            found[name] = taken
    print(f"\n{results.as_text(found, bounds)}")
    for missed in results.missed(found, bounds, (Kind.GATE, Kind.AIM)):
        print(f"missed: {missed}")
    known = {**(results.read(args.json) if args.json else {}), **found}
    known = {name: known[name] for name in EXPERIMENTS if name in known}
    if args.json:
        results.write(args.json, known, bounds)
    if args.markdown:
        pages.write(args.markdown, results.as_markdown(known, bounds), pages.peers(known))
    return 1 if len(found) < len(names) else 0


def _quick() -> int:
    """What must hold on any machine; measured again where it does not, since others may have been busy."""
    bounds = gates.load()
    where = machine.described()
    broken: list[str] = []
    for name, share in QUICK.items():
        missed = [f"{name}: not taken"]
        for _ in range(TRIES):
            if taken := _taken(name, share, where):
                print(results.as_text({name: taken}, bounds))
                missed = results.missed({name: taken}, bounds, (Kind.CI,))
            if not missed:
                break
        broken += missed
    for one in broken:
        print(f"broken: {one}", file=sys.stderr)
    if not broken:
        print("every bound for CI is kept; gates and aims are for a quiet machine")
    return 1 if broken else 0


def _taken(name: str, times: float, where: str) -> Taken | None:
    """One experiment's figures; None when they could not be taken."""
    started_s = time.monotonic()
    print(f"{name} ...", end=" ", file=sys.stderr, flush=True)
    scratch = ROOT / ".bench"  # on a real disk, where fsync costs what it costs
    scratch.mkdir(exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix=f"{name}-", dir=scratch) as folder:
            rows = EXPERIMENTS[name](Path(folder), times)
    except (FigureError, HTTPException, OSError) as error:
        print(f"not taken: {type(error).__name__}: {error}", file=sys.stderr)
        return None
    print(f"{time.monotonic() - started_s:.0f} s", file=sys.stderr)
    return Taken(machine=where, rows=rows)


if __name__ == "__main__":
    sys.exit(main())
