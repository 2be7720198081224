"""May loopcam capture this process, with which sampler, at what cost? Exit 0 only when it would work."""

import argparse
import logging
import sys
from pathlib import Path

from model.errors import TargetError, UsageError


def add(parser: argparse.ArgumentParser) -> None:
    """Which process, or which configuration."""
    parser.add_argument("--pid", type=int, metavar="N", help="the process (default: ourselves)")
    parser.add_argument("--systemd", metavar="UNIT", help="the main process of a systemd service")
    parser.add_argument("--config", type=Path, metavar="FILE", help="its targets, its spool, its sinks")
    parser.add_argument("--sinks", action="store_true", help="also connect to the configuration's sinks")
    parser.add_argument(
        "--probe-sinks", action="store_true", help="also store a small probe, marked as such, in every sink"
    )
    parser.add_argument(
        "--all-places",
        action="store_true",
        help="what helps in Kubernetes, under systemd, and so on, not only here",
    )
    parser.add_argument("--json", action="store_true", help="for programs")


def run(args: argparse.Namespace) -> int:
    """Look, judge and tell."""
    from daemon.config.load import load
    from daemon.doctor import shown
    from daemon.doctor.diagnosis import diagnosis

    logging.disable(logging.WARNING)  # what samplers say of themselves is in the diagnosis
    if args.config is None and (args.sinks or args.probe_sinks):
        raise UsageError(
            "--sinks and --probe-sinks look at a configuration's sinks", remedy="give --config FILE"
        )
    config = load(args.config) if args.config else None
    pid = _main_pid(args.systemd) if args.systemd else args.pid
    found = diagnosis(pid, config, reach=args.sinks, probe=args.probe_sinks)
    text = shown.text(found, colours=sys.stdout.isatty(), all_places=args.all_places)
    print(shown.json(found) if args.json else text)
    return 0 if found.works else 1


def _main_pid(name: str) -> int:
    """The main process of a unit; raises TargetError with what keeps it from having one."""
    from daemon.config.selector import Selector
    from daemon.targets.units import Units

    selector = Selector(systemd=name)
    for _, value, rule in selector.check():
        raise UsageError(f"--systemd {value}: {rule}", remedy="loopcam doctor --systemd UNIT")
    units, unit = Units(), selector.unit or name
    if (pid := units.main_pids([unit]).get(unit)) is None:
        why = units.absence(unit)
        raise TargetError(why.detail, remedy=why.remedy)
    return pid
