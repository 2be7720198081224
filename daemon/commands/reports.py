"""List, show and verify reports, or deliver again what a sink gave up."""

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from daemon.commands import client, stacks
from model import coding
from model.errors import LoopcamError, UsageError
from model.manifest import Manifest
from model.report import MANIFEST_FILE
from model.units import ByteSize, Seconds
from model.verdict import Verdict


def add(parser: argparse.ArgumentParser) -> None:
    """What to do, and where the reports are."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    parser.set_defaults(help=parser.format_help)
    for name, summary in _SUMMARIES.items():
        action = actions.add_parser(name, help=summary, description=summary)
        if name == "retry":
            action.add_argument("report", nargs="?", metavar="ID", help="one report (default: all)")
        else:
            action.add_argument(
                "path",
                nargs="?",
                type=Path,
                metavar="PATH",
                help="a report or a folder of reports (default: ask the running daemon)",
            )
        client.add(action)


def run(args: argparse.Namespace) -> int:
    """Do what was asked for."""
    if args.action is None:
        print(args.help(), end="", file=sys.stderr)
        return UsageError.exit_code
    return _ACTIONS[args.action](args)


def _list(args: argparse.Namespace) -> int:
    for directory, manifest in _found(args):
        capture = manifest.capture
        top = manifest.top_stacks[0].function if manifest.top_stacks else "-"
        cause = manifest.verdict.cause if manifest.verdict else "-"
        said = f"{capture.outcome:12} {cause:18} {top:30}"
        print(f"{capture.triggered_at}  {capture.target:20} {said} {directory}")
    return 0


def _show(args: argparse.Namespace) -> int:
    found = [*_found(args)]
    if not found:
        raise _nothing(args)
    print("\n".join(_words(*found[-1])))
    return 0


def _words(directory: Path, manifest: Manifest) -> Iterator[str]:
    capture = manifest.capture
    yield f"{manifest.id}  ({capture.outcome})"
    yield from (f"  {line}" for line in _answer(manifest.verdict))
    yield f"  why        {capture.trigger.reason}"
    if capture.slowness:
        yield f"  slow       {capture.slowness}"
    yield f"  when       {capture.triggered_at}"
    if (process := capture.process) is not None:
        yield f"  process    {process.name} (pid {process.pid}, {process.executable})"
    if capture.address:
        yield f"  address    {capture.address}"
    if capture.recording:
        window_s = Seconds(capture.window.ended_s - capture.window.started_s)
        yield f"  sampled    {capture.recording.sampler} at {capture.recording.rate_hz} Hz for {window_s}"
    for part in capture.parts:
        if part.detail:
            yield f"  {part.name:10} {part.outcome}: {part.detail}" + (
                f"; {part.remedy}" if part.remedy else ""
            )
    for top in manifest.top_stacks[:5]:
        yield from (f"  {line}" for line in stacks.words(top))
    size = ByteSize(sum(artifact.size_bytes for artifact in manifest.artifacts))
    yield f"  files      {len(manifest.artifacts)}, {size}, in {directory}"
    yield f"  open       {directory / 'report.html'}"


def _answer(verdict: Verdict | None) -> Iterator[str]:
    if verdict is None:
        return
    yield f"verdict    {verdict.sentence}"
    yield f"           {verdict.cause}, confidence {verdict.confidence}, signature {verdict.signature}"
    yield from (f"evidence   {fact.text}" for fact in verdict.further)
    yield from (f"or         {each.cause}: {each.sentence}" for each in verdict.alternatives)
    if verdict.remedy:
        yield f"next       {verdict.remedy}"


def _verify(args: argparse.Namespace) -> int:
    from report.verify import verify

    damaged = checked = 0
    for directory in _directories(args):
        faults = verify(directory)
        checked += 1
        damaged += bool(faults)
        for fault in faults:
            print(f"{directory}: {fault}")
    if not checked:
        raise _nothing(args)
    print(f"{checked} reports checked, {damaged} damaged")
    return 1 if damaged else 0


def _retry(args: argparse.Namespace) -> int:
    for sink, count in client.ask(args, "POST", "/v1/reports/retry", {"report": args.report}).items():
        print(f"{sink}: {count} to deliver again")
    return 0


def _found(args: argparse.Namespace) -> Iterator[tuple[Path, Manifest]]:
    for directory in _directories(args):
        try:
            yield directory, coding.decode((directory / MANIFEST_FILE).read_bytes(), Manifest)
        except msgspec.DecodeError as error:
            print(f"{directory}: damaged manifest: {error}")


def _nothing(args: argparse.Namespace) -> LoopcamError:
    where = f"below {args.path}" if args.path else "that the daemon stored on this machine"
    return LoopcamError(f"no report {where}", remedy="give the folder of a file sink")


def _directories(args: argparse.Namespace) -> list[Path]:
    """Report directories, oldest first."""
    if args.path is None:
        return sorted(_stored_here(args), key=lambda directory: directory.name)
    if not args.path.is_dir():
        raise UsageError(f"{args.path}: no such folder", remedy="give a report, or a folder of reports")
    if not os.access(args.path, os.R_OK | os.X_OK):
        raise LoopcamError(f"{args.path}: permission denied", remedy="ask as the user that loopcam runs as")
    return whole(args.path)


def whole(folder: Path) -> list[Path]:
    """The reports below a folder, oldest first; a dot is before a spool, and before what is being stored."""
    found = []
    for home, below, files in os.walk(folder):  # unlike rglob, it bears folders that are renamed meanwhile
        below[:] = (name for name in below if not name.startswith("."))
        found += [Path(home)] if MANIFEST_FILE in files else []
    return sorted(found, key=lambda one: one.name)


def _stored_here(args: argparse.Namespace) -> Iterator[Path]:
    """Where the daemon's sinks stored reports on this machine."""
    for report in client.ask(args, "GET", "/v1/reports"):
        places = (Path(delivery["location"]) for delivery in report["sinks"].values())
        yield from (place for place in places if place.is_absolute() and (place / MANIFEST_FILE).exists())


_SUMMARIES = {
    "list": "one line a report",
    "show": "the newest report in words",
    "verify": "check every file against its hash; exit 1 on damage",
    "retry": "deliver again what a sink gave up, through the running daemon",
}
_ACTIONS: dict[str, Callable[[argparse.Namespace], int]] = {
    "list": _list,
    "show": _show,
    "verify": _verify,
    "retry": _retry,
}
