"""A drill through the running daemon: a moment of each target, followed until every sink has it."""

import argparse
import time
from collections.abc import Iterator
from typing import Any

from daemon.commands import client
from model.errors import LoopcamError
from model.units import Seconds

POLL_S = 0.1
_UNDER_WAY = ("running", "accepted")


def drill(args: argparse.Namespace, within_s: float) -> int:
    """One target, or all, one after the other; 0 when each was captured whole and every sink has it."""
    names = [args.target] if args.target else _all_targets(args)
    failed = [name for name in names if not _passed(args, name, within_s)]
    if failed:
        print(f"drill FAILED for {', '.join(failed)}")
        return 1
    print(f"drill passed: {', '.join(names)}")
    return 0


def _all_targets(args: argparse.Namespace) -> list[str]:
    names = [target["name"] for target in client.ask(args, "GET", "/v1/status")["targets"]]
    if not names:
        remedy = "configure a target; one by address counts from when its name leads somewhere"
        raise LoopcamError("the daemon has no target", remedy=remedy)
    return names


def _passed(args: argparse.Namespace, name: str, within_s: float) -> bool:
    asked_s = time.monotonic()
    try:
        answer = client.ask(args, "POST", "/v1/collect", {"target": name, "drill": True})
        print(f"{name}: a drill, report {answer['id']}", flush=True)
        return _followed(args, answer["status"], asked_s, within_s)
    except LoopcamError as error:
        _tell("FAILED", str(error), error.remedy)
        return False


def _followed(args: argparse.Namespace, path: str, asked_s: float, within_s: float) -> bool:
    """Tell each step when it is done."""
    told: set[str] = set()
    while True:
        answer = client.ask(args, "GET", path)
        took_s = time.monotonic() - asked_s
        if answer["state"] not in (*_UNDER_WAY, "stored"):
            _tell("FAILED", f"{answer['state']}: {answer['why']}", answer["remedy"])
            return False
        if answer["state"] != "running" and "capture" not in told:
            told.add("capture")
            _tell("captured", f"after {took_s:.1f} s, {answer['outcome']}")
            for said in answer["lacking"]:
                _tell("lacking", said)
        for sink in _news(answer, told):
            told.add(sink)
            _tell_sink(sink, answer["sinks"][sink], took_s)
        _tell_trouble(answer, told)
        if answer["state"] == "stored" or not _pending(answer) or took_s > within_s:
            return _judged(answer, told, within_s)
        time.sleep(POLL_S)


def _pending(answer: Any) -> list[str]:
    """The sinks that may still take it; while the capture runs, all of them."""
    sinks = answer["sinks"].items()
    waiting = [name for name, one in sinks if one["progress"] == "pending"]
    return waiting or (["all"] if answer["state"] == "running" else [])


def _news(answer: Any, told: set[str]) -> Iterator[str]:
    for name, one in sorted(answer["sinks"].items()):
        if name not in told and one["progress"] != "pending":
            yield name


def _tell_sink(name: str, one: Any, took_s: float) -> None:
    if one["progress"] == "delivered":
        _tell("stored", f"by {name} after {took_s:.1f} s: {one['location']}")
    else:
        _tell("FAILED", f"sink {name} will not take it: {one['error']}", one["remedy"])


def _tell_trouble(answer: Any, told: set[str]) -> None:
    """Say at once what a sink stumbled over that may still take it: a minute without a word is long."""
    for name, one in sorted(answer["sinks"].items()):
        if one["progress"] == "pending" and one["error"] and f"trouble of {name}" not in told:
            told.add(f"trouble of {name}")
            _tell("waiting", f"for {name}, which is tried again: {one['error']}", one["remedy"])


def _judged(answer: Any, told: set[str], within_s: float) -> bool:
    """What is still open when the time is over, and whether all is well."""
    if answer["state"] == "running":
        _tell("FAILED", f"still capturing after {Seconds(within_s)}", "see the daemon's log")
    for name, one in sorted(answer["sinks"].items()):
        if name not in told:
            said = f"sink {name} has not stored it within {Seconds(within_s)}"
            _tell(
                "FAILED", f"{said}: {one['error'] or 'no answer yet'}", one["remedy"] or "it goes on trying"
            )
    return (answer["state"], answer["outcome"]) == ("stored", "complete")


def _tell(what: str, said: str, remedy: str = "") -> None:
    print(f"  {what:9} {said}" + (f"; what helps: {remedy}" if remedy else ""), flush=True)
