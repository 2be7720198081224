"""Check a configuration file: exit 0, with warnings, or 78 with every fault on a line of its own."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from model.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from daemon.config.settings import Config, Target
    from daemon.sources.log.options import Log

UNMATCHED = 1  # the exit code for a log of which no line tells of an iteration


def add(parser: argparse.ArgumentParser) -> None:
    """The file, and a log to try it on."""
    parser.add_argument("file", type=Path, metavar="FILE")
    replay = parser.add_argument_group("trying it on a recorded log")
    replay.add_argument(
        "--replay",
        type=Path,
        metavar="LOG",
        help="show the iterations and captures it would have made of this log (also .gz; -: standard input)",
    )
    replay.add_argument("--target", metavar="NAME", help="whose log it is (default: the first that has one)")
    replay.add_argument("--source", metavar="NAME", help="which of its log sources (default: the first)")
    replay.add_argument("--all", action="store_true", help="show every iteration")
    replay.add_argument("--json", action="store_true", help="tell all of it as JSON")


def run(args: argparse.Namespace) -> int:
    """Load it as the daemon would."""
    from daemon.config.doubts import doubts
    from daemon.config.load import load

    try:
        config = load(args.file)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    for doubt in doubts(config):
        print(f"WARNING: {doubt}", file=sys.stderr)
    if args.replay is not None:
        return _replay(args, config)
    targets, sinks = (", ".join(one.name for one in many) for many in (config.targets, config.sinks))
    print(f"{args.file}: good. Targets: {targets}. Sinks: {sinks}.")
    return 0


def _replay(args: argparse.Namespace, config: "Config") -> int:
    from daemon.replay import recorded, tables  # here, and not above: it loads RE2
    from daemon.replay.replay import Replay
    from model.stamps import Stamps

    target, name, options = _source(config, args.target, args.source)
    stamps = Stamps(recorded.written_s(args.replay))
    with recorded.opened(args.replay) as file:
        story = Replay(target, name, options, stamps).play(recorded.blocks(file))
    if args.json:
        print(tables.as_json(story, stamps.show))
    else:
        for line in tables.table(story, stamps.show, everything=args.all):
            print(line)
    return 0 if story.matched else UNMATCHED


def _source(config: "Config", target: str | None, source: str | None) -> "tuple[Target, str, Log]":
    """The target, and its log source by name; raises UsageError."""
    from daemon.sources.log.options import Log

    known = []
    for one in config.targets:
        for part in one.iterations:
            if isinstance(part.options, Log):
                if target in (None, one.name) and source in (None, part.name):
                    return one, part.name, part.options
                known.append(f"{part.name} of {one.name}")
    wanted = "".join(f" {word}" for word in (source, target and f"of target {target}") if word)
    raise UsageError(
        f"no log source{wanted} to replay a log to",
        remedy=f"there are {', '.join(known)}" if known else "configure one: `iterations: [{log: ...}]`",
    )
