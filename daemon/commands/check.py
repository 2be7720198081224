"""Check a configuration file: exit 0, or 78 with every fault on a line of its own."""

import argparse
import sys
from pathlib import Path

from model.errors import ConfigError


def add(parser: argparse.ArgumentParser) -> None:
    """The file."""
    parser.add_argument("file", type=Path, metavar="FILE")


def run(args: argparse.Namespace) -> int:
    """Load it as the daemon would."""
    from daemon.config.load import load

    try:
        config = load(args.file)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    targets, sinks = (", ".join(one.name for one in many) for many in (config.targets, config.sinks))
    print(f"{args.file}: good. Targets: {targets}. Sinks: {sinks}.")
    return 0
