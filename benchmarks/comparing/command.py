"""`python -m benchmarks compare COMMIT COMMIT [NAME ...]`: what changed between two commits."""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks import gates, machine, results
from benchmarks.comparing.changes import LEAST_PERCENT, LEAST_ROUNDS, Change, change
from benchmarks.comparing.trees import Tree, prepared
from benchmarks.experiments import EXPERIMENTS
from benchmarks.figures import FigureError, Row
from benchmarks.gates import Gates

ROUNDS, SHARE = 7, 0.34
NAMES = ("start", "absent", "datagrams", "heartbeats", "log_tail", "first_stack", "rendering")

Runs = list[dict[tuple[str, str], Row]]  # figures by experiment and name, one dict a round


def main(argv: Sequence[str]) -> int:
    """Measure both in turn and print the changes; 1 when something became worse, 2 when it cannot be told."""
    args = _arguments(argv)
    try:
        trees = prepared(args.before), prepared(args.after)
        runs = _measured(trees, args.names or NAMES, args.rounds, args.times)
    except (FigureError, subprocess.CalledProcessError) as error:
        print(f"not compared: {error}", file=sys.stderr)
        return 2
    changes = list(compared(*runs, gates.load()))
    print(f"{machine.described()}\n{trees[0].commit[:12]}, then {trees[1].commit[:12]}")
    print(f"{args.rounds} pairs of runs; per cent, and between what with a confidence of 90 %")
    for one in changes:
        print(one.words())
    return 1 if any(one.called and one.worse for one in changes) else 0


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks compare",
        description="Two commits, each in a worktree with its own environment, measured in turn by the "
        f"benchmarks here. Ends with 1 when a figure became worse by {LEAST_PERCENT:g} % or more, and not "
        "by chance.",
    )
    parser.add_argument("before", metavar="COMMIT")
    parser.add_argument("after", metavar="COMMIT")
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"of {', '.join(EXPERIMENTS)}; default: {', '.join(NAMES)}"
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"pairs of runs, {LEAST_ROUNDS} at least")
    parser.add_argument(
        "--times", type=float, default=SHARE, metavar="SHARE", help="of the samples, in each run"
    )
    args = parser.parse_args(argv)
    if args.rounds < LEAST_ROUNDS:
        parser.error(f"--rounds {args.rounds}: {LEAST_ROUNDS} at least, for a confidence of 90 %")
    if unknown := [name for name in args.names if name not in EXPERIMENTS]:
        parser.error(f"no such experiment: {', '.join(unknown)}; there are {', '.join(EXPERIMENTS)}")
    return args


def _measured(trees: tuple[Tree, Tree], names: Sequence[str], rounds: int, times: float) -> tuple[Runs, Runs]:
    """Runs of both in turn; the one that goes first changes each round."""
    runs: tuple[Runs, Runs] = [], []
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)
        for side in (0, 1) if number % 2 == 0 else (1, 0):
            runs[side].append(_run(trees[side], names, times))
    return runs


def _run(tree: Tree, names: Sequence[str], times: float) -> dict[tuple[str, str], Row]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "results.json")
        argv = (tree.python, "-m", "benchmarks", *names, "--times", str(times), "--json", str(file))
        subprocess.run(argv, cwd=tree.path, stdout=subprocess.DEVNULL, check=False)
        found = results.read(file)
    if not found:
        raise FigureError(f"{tree.commit[:12]}: nothing of {', '.join(names)} could be taken")
    return {(name, row.figure): row for name, taken in found.items() for row in taken.rows}


def compared(before: Runs, after: Runs, bounds: Gates) -> Iterator[Change]:
    """The change of each figure that every run has."""
    for experiment, figure in before[0]:
        series = [
            [run[experiment, figure] for run in runs if (experiment, figure) in run]
            for runs in (before, after)
        ]
        if len(series[0]) == len(series[1]) == len(before):
            old, new = ([row.ours for row in rows] for rows in series)
            row = series[0][0]
            found = change(
                figure, row.unit, old, new, more_is_better=_more_is_better(row, bounds.get(experiment, {}))
            )
            if found is not None:
                yield found


def _more_is_better(row: Row, bounds: Mapping[str, gates.Bounds]) -> bool:
    """As its bounds have it; without any, what goes by the second."""
    several = [bound for kinds in bounds.get(row.figure, {}).values() for bound in kinds]
    return any(bound.least for bound in several) if several else row.unit.endswith("/s")
