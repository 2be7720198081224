"""Capture a target now, through the running daemon."""

import argparse

from daemon.commands import client


def add(parser: argparse.ArgumentParser) -> None:
    """Which target."""
    parser.add_argument("--target", metavar="T", help="its name; needed when there are several")
    client.add(parser)


def run(args: argparse.Namespace) -> int:
    """Ask for it; the report follows when the collection time is over."""
    answer = client.ask(args, "POST", "/v1/collect", {"target": args.target})
    print(f"capturing {answer['target']}: report {answer['id']}")
    return 0
