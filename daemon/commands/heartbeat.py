"""Say that an iteration starts or ends, as a target would."""

import argparse

from daemon.commands import client
from model.events import EventKind


def add(parser: argparse.ArgumentParser) -> None:
    """Which event, of which target."""
    parser.add_argument("event", choices=[kind.value for kind in EventKind])
    parser.add_argument("--target", metavar="T", help="its name; needed when there are several")
    parser.add_argument("--iteration", metavar="ID", help="what tells this iteration from others")
    client.add(parser)


def run(args: argparse.Namespace) -> int:
    """Send it."""
    said = {"target": args.target, "event": args.event, "iteration": args.iteration}
    client.ask(args, "POST", "/v1/heartbeat", {key: value for key, value in said.items() if value})
    return 0
