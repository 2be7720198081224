"""The load simulator's part of `loopcam demo`: its options, and its run."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.demo import places
from daemon.demo.simulator import options, sla
from model.errors import UsageError
from model.units import Seconds

if TYPE_CHECKING:
    from daemon.demo.simulator.wanted import Wanted

BROKEN, INTERRUPTED = 3, 130
_OF_STALLS = ("stall", "seconds", "threads", "depth", "healthy", "source")


def add(parser: argparse.ArgumentParser) -> None:
    """The options, none of which has a value unless it is given."""
    group = parser.add_argument_group(
        "load simulator",
        "with any of these, the autoscaler works against an API of ours, for hours if need be",
    )
    for one in options.OPTIONS:
        said = f"{one.meaning} ({one.default or 'never'})".replace("%", "%%")
        group.add_argument(f"--{one.flag}", dest=one.name, metavar=one.metavar, help=said)
    demands = f"exit {BROKEN} beyond it; {sla.FORM}".replace("%", "%%")
    group.add_argument("--sla", action="append", metavar="WHAT=LIMIT", help=demands)
    group.add_argument("--json", type=Path, metavar="FILE", help="write everything that was measured")
    parser.set_defaults(of_stalls={name: parser.get_default(name) for name in _OF_STALLS})


def is_wanted(args: argparse.Namespace) -> bool:
    """Whether an option of the simulator was given."""
    names = (*(one.name for one in options.OPTIONS), "sla", "json")
    return any(getattr(args, name) is not None for name in names)


def run(args: argparse.Namespace) -> int:
    """Simulate to the end, or to Ctrl-C; 3 when a demand was broken."""
    from daemon.demo.simulator import wanted  # here, and not above: every command is listed

    for name, default in args.of_stalls.items():
        if getattr(args, name) != default:
            raise UsageError(
                f"--{name} {getattr(args, name)} is for stalls, not for the load simulator",
                remedy="leave it out, or the simulator's options",
            )
    if args.json:
        places.check_file(args.json)
    return _simulated(wanted.read(args))


def _simulated(wanted: "Wanted") -> int:
    from daemon.demo.simulator import progress
    from daemon.demo.simulator.course import Course
    from daemon.demo.simulator.simulation import Simulation

    course = Course(wanted.max_loop_time_s)
    simulation, interrupted = Simulation(wanted, course), False
    with simulation.running() as address:
        print(_begun(wanted, address), flush=True)
        try:
            simulation.watch(progress.Progress(course))
        except KeyboardInterrupt:
            interrupted = not wanted.serve
        simulation.settle()
    judgements = [sla.judge(one, course) for one in wanted.demands]
    print("\n" + "\n".join(progress.summary(course, judgements)))
    if wanted.json:
        progress.write(wanted.json, progress.told(course, judgements, wanted.given))
    if not all(one.kept for one in judgements):
        return BROKEN
    return INTERRUPTED if interrupted else 0


def _begun(wanted: "Wanted", address: str) -> str:
    until = "until Ctrl-C" if wanted.serve else f"for {wanted.for_s}"
    return (
        f"Simulating {wanted.scenario} with {wanted.nodes} nodes and {wanted.pods} pods {until},"
        f" seed {wanted.seed}. An iteration may take {Seconds(wanted.max_loop_time_s)}.\n"
        f"The daemon: http://{address}/, metrics at /metrics; its log and its reports are in {wanted.out}."
    )
