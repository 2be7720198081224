"""Capture a target now, or with its next iteration, through the running daemon."""

import argparse
import sys
import time
from contextlib import suppress
from typing import Any

from daemon.commands import client
from daemon.commands.drill import drill
from model.errors import LoopcamError, UsageError
from model.units import Seconds

NEXT = "next-iteration"
POLL_S = 0.5
DRILL_WAIT_S = 60.0
_NOT_OVER = ("waiting", "running", "accepted")


def add(parser: argparse.ArgumentParser) -> None:
    """Which target, when, and whether to stay until it is stored."""
    parser.add_argument("--target", metavar="T", help="its name; needed when there are several")
    parser.add_argument(
        "--when",
        choices=("now", NEXT),
        default="now",
        help="at once, within the iteration in flight if there is one (default); or the one that starts next",
    )
    parser.add_argument(
        "--drill",
        action="store_true",
        help="a moment of the target, or of each, followed until every sink has it: exit 0 only then",
    )
    parser.add_argument("--wait", metavar="TIME", help=f"how long to wait, with {NEXT} or --drill (60s)")
    parser.add_argument(
        "--follow",
        action="store_true",
        help="wait until the report is stored and print where; Ctrl-C cancels, and keeps what was taken",
    )
    client.add(parser)


def run(args: argparse.Namespace) -> int:
    """Ask for it; the report follows when the collection time is over."""
    if args.drill:
        return _drill(args)
    body: dict[str, object] = {"target": args.target}
    if args.when == NEXT:
        body["when"] = NEXT
    if args.wait is not None:
        body["wait_s"] = _wait_s(args)
    answer = client.ask(args, "POST", "/v1/collect", body)
    if args.follow:
        return _follow(args, answer)
    _tell(answer)
    return 0


def _drill(args: argparse.Namespace) -> int:
    if args.when == NEXT:
        raise UsageError(f"--drill does not go with --when {NEXT}: it is taken now", remedy="leave one out")
    return drill(args, DRILL_WAIT_S if args.wait is None else _wait_s(args))


def _tell(answer: Any) -> None:
    doing = "capturing" if answer["state"] == "running" else "waiting for the next iteration of"
    print(f"{doing} {answer['target']}: report {answer['id']}", flush=True)


def _wait_s(args: argparse.Namespace) -> float:
    if args.when != NEXT and not args.drill:
        raise UsageError(f"--wait goes with --when {NEXT} or --drill", remedy="leave it out")
    try:
        return Seconds.parse(args.wait)
    except ValueError as error:
        raise UsageError(f"--wait {args.wait}: {error}", remedy="such as --wait 5m") from None


def _follow(args: argparse.Namespace, answer: Any) -> int:
    path = answer["status"]
    try:
        _tell(answer)
        answer = _until_over(args, path)
    except KeyboardInterrupt:
        print("cancelling", file=sys.stderr)
        with suppress(LoopcamError):  # it was over just before
            client.ask(args, "DELETE", path)
        answer = _until_over(args, path)
    if answer["state"] not in ("accepted", "stored"):
        raise LoopcamError(f"{answer['state']}: {answer['why']}", remedy=answer["remedy"])
    for name, sink in sorted(answer["sinks"].items()):
        print(f"{name}: {sink['location'] or sink['error']}")
    return 0 if answer["state"] == "stored" else 1


def _until_over(args: argparse.Namespace, path: str) -> Any:
    """Its last state: there is no report, or every sink has stored it or given it up."""
    while True:
        answer = client.ask(args, "GET", path)
        pending = [one for one in answer["sinks"].values() if one["progress"] == "pending"]
        if answer["state"] not in _NOT_OVER or (answer["state"] == "accepted" and not pending):
            return answer
        time.sleep(POLL_S)
