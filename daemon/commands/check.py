"""Check a configuration file: exit 0, with warnings, or 78 with every fault on a line of its own."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from model.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from daemon.config.settings import Config, Target
    from daemon.replay.steps import Recording
    from daemon.sources.contract import Source
    from model.stamps import Stamps

UNMATCHED = 1  # the exit code for a recording in which nothing tells of an iteration
_KINDS = ("log", "metrics")


def add(parser: argparse.ArgumentParser) -> None:
    """The file, and a recording to try it on."""
    parser.add_argument("file", type=Path, metavar="FILE")
    replay = parser.add_argument_group("trying it on a recorded log, or history of metrics")
    replay.add_argument(
        "--replay",
        type=Path,
        metavar="FILE",
        help="show the iterations and captures it would have made of this log, or of these scrapes, each "
        "below a line `# scraped TIME` (also .gz; -: standard input)",
    )
    replay.add_argument(
        "--target", metavar="NAME", help="whose it is (default: the first that has such a source)"
    )
    replay.add_argument("--source", metavar="NAME", help="which of its sources (default: the first)")
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

    _chosen(config, args, _KINDS)  # before the recording is opened
    stamps = Stamps(recorded.written_s(args.replay))
    with recorded.opened(args.replay) as file:
        target, name, options = _chosen(config, args, (recorded.kind(file),))
        recording = _recording(options, stamps)
        story = Replay(target, name, options, recording).play(recorded.blocks(file))
    if args.json:
        print(tables.as_json(story, stamps.show))
    else:
        for line in tables.table(story, stamps.show, everything=args.all):
            print(line)
    return 0 if story.found.matched else UNMATCHED


def _recording(options: "Source", stamps: "Stamps") -> "Recording":
    """The recording as this source takes it."""
    from daemon.replay.history import HistoryRecording
    from daemon.replay.log import LogRecording
    from daemon.sources.log.options import Log
    from daemon.sources.metrics.options import Metrics

    if isinstance(options, Log):
        return LogRecording(options, stamps)
    if isinstance(options, Metrics):
        return HistoryRecording(options, stamps)
    raise TypeError(f"nothing is recorded of {options!r}")


def _chosen(
    config: "Config", args: argparse.Namespace, kinds: tuple[str, ...]
) -> "tuple[Target, str, Source]":
    """The target, and its source by name, of one of these kinds; raises UsageError."""
    target, source = args.target, args.source
    known = []
    for one in config.targets:
        for part in one.iterations:
            if part.kind in kinds:
                if target in (None, one.name) and source in (None, part.name):
                    return one, part.name, part.options
                known.append(f"{part.name} of {one.name}")
    wanted = "".join(f" {word}" for word in (source, target and f"of target {target}") if word)
    what, kind = " or ".join(kinds), kinds[0]
    raise UsageError(
        f"no {what} source{wanted} to replay it to",
        remedy=f"there are {', '.join(known)}" if known else f"configure one: `iterations: [{kind}: ...]`",
    )
