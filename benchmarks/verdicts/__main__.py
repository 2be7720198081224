"""`python -m benchmarks.verdicts [--set SET] [--rounds N] [--only NAME]`: how every program was judged."""

import argparse
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

from benchmarks import machine
from benchmarks.apparatus.processes import ROOT
from benchmarks.figures import FigureError
from benchmarks.strangers import STRANGERS
from benchmarks.verdicts import confusion
from benchmarks.verdicts.cases import SETS, Case, cases
from benchmarks.verdicts.playing import Judged, play
from daemon.demo.stalls import STALLS

BEGIN, END = "<!-- verdicts -->", "<!-- end -->"


def main() -> int:
    """Play, print and write; 1 when a stall gave no report, never for a verdict's sake."""
    args = _arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that children are ended then too
    chosen = list(cases(args.rounds, args.only, args.set))
    judged: list[Judged] = []
    try:
        _play(chosen, args, judged)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
    except FigureError as error:
        print(f"not finished: {error}", file=sys.stderr)
    _tell(judged, args)
    return 0 if len(judged) == len(chosen) and all(one.report for one in judged) else 1


def _play(chosen: Sequence[Case], args: argparse.Namespace, judged: list[Judged]) -> None:
    for number, one in enumerate(play(chosen, args.out, args.dashcam), 1):
        judged.append(one)
        sign = "ok " if one.right else "-- "
        print(
            f"{sign} {number}/{len(chosen)} {one.stall}: {one.judged} ({one.confidence or '-'})",
            file=sys.stderr,
            flush=True,
        )


def _tell(judged: list[Judged], args: argparse.Namespace) -> None:
    where = machine.described()
    (args.out / "verdicts.json").write_bytes(msgspec.json.format(msgspec.json.encode(judged)))
    print(f"\n{where}\n\n{confusion.matrix(judged)}\n\n{confusion.summary(judged)}")
    for name, stall in STALLS.items() if args.set == "stalls" else ():
        if missing := stall.missing():
            print(f"not played: {name}: {missing}")
    if args.markdown:
        _write(args.markdown, f"{where}\n\n{confusion.table(judged)}\n\n{confusion.stalls_table(judged)}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.verdicts", description=__doc__)
    parser.add_argument(
        "--set", choices=SETS, default=SETS[0], help="the demonstration's stalls, or programs of others"
    )
    parser.add_argument(
        "--rounds", type=int, default=3, metavar="N", help="how often each stall (default: 3)"
    )
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME", help="this stall, or all of this cause"
    )
    parser.add_argument("--dashcam", default="", metavar="MODE", help="off, adaptive or continuous")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="where the reports stay (default: .bench/...)"
    )
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="also put the tables into this page")
    args = parser.parse_args()
    if unknown := {*args.only} - _names(args.set):
        parser.error(f"no such program or cause: {', '.join(sorted(unknown))}; see docs/verdicts.md")
    if args.markdown and END not in args.markdown.read_text().partition(BEGIN)[2]:
        parser.error(f"{args.markdown} has no place for the tables: {BEGIN} and below it {END}")
    if args.out is None:
        (scratch := ROOT / ".bench").mkdir(exist_ok=True)
        args.out = Path(tempfile.mkdtemp(prefix="verdicts-", dir=scratch))
    args.out = args.out.absolute()
    return args


def _names(chosen: str) -> set[str]:
    if chosen == "strangers":
        return {*STRANGERS, *(cause for one in STRANGERS.values() for cause in one.causes)}
    return {*STALLS, *(stall.cause for stall in STALLS.values())}


def _write(page: Path, text: str) -> None:
    before, _, rest = page.read_text().partition(BEGIN)
    page.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.partition(END)[2]}")


if __name__ == "__main__":
    sys.exit(main())
