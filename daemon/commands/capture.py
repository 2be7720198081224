"""Capture one process, or one address, now, once, without a daemon."""

import argparse
import asyncio
import logging
import os
import signal
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from daemon.commands import stacks
from daemon.config.names import DNS
from model.capture import Capture, Outcome, WindowEnd
from model.errors import ConfigError, LoopcamError, UsageError
from model.events import Trigger, TriggerKind
from model.manifest import Manifest
from model.report import Report
from model.units import Seconds

if TYPE_CHECKING:
    from daemon.config import settings

TARGET = "target"
_OPTIONS = {  # by the path of the option that bounds it in a configuration
    "targets[0].process.pid": "--pid",
    "targets[0].address": "--address",
    "targets[0].address[0]": "--address",
    "targets[0].collection_time": "--for",
    "targets[0].name": "--target",
    "targets[0].collectors[0].pyspy.rate_hz": "--rate",
    "targets[0].collectors[0].austin.rate_hz": "--rate",
    "targets[0].sampler": "--sampler",
}
_STANDARD_OUTPUT = "-"


def add(parser: argparse.ArgumentParser) -> None:
    """Which process, for how long, and where to."""
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("--pid", type=int, metavar="N", help="the process; Ctrl-C keeps what it has")
    who.add_argument(
        "--address", metavar="HOST:PORT", help="... or a Go program's HTTP, with pprof below /debug/pprof"
    )
    parser.add_argument("--for", dest="duration", default="10s", metavar="30s", help="default: %(default)s")
    parser.add_argument(
        "--out", required=True, metavar="DIR|-", help="a folder, or - for a tar on standard output"
    )
    parser.add_argument("--target", default=TARGET, metavar="NAME", help="its name in the report")
    parser.add_argument("--rate", type=int, metavar="HZ", help="samples a second (default: as it suits)")
    parser.add_argument(
        "--sampler", default="auto", metavar="NAME", help="auto, pyspy or austin (default: %(default)s)"
    )


def run(args: argparse.Namespace) -> int:
    """Record, draw, and hand the report over."""
    from daemon import logs

    if args.out == _STANDARD_OUTPUT and sys.stdout.isatty():
        raise UsageError("a tar does not belong on a terminal", remedy="`--out - > report.tar`")
    target = _checked(args)
    logs.set_up("text", level=logging.WARNING)
    os.umask(0o077)
    with tempfile.TemporaryDirectory(prefix="loopcam-") as folder:
        directory = asyncio.run(_capture(target, Path(folder)))
        from report.render import render

        report = Report(directory=directory, manifest=render(directory))
        where = _hand_over(report, args.out)
    _tell(report.manifest, where)
    return 0 if report.manifest.capture.tells else 1


def _checked(args: argparse.Namespace) -> "settings.Target":
    """What a configuration with the same meaning makes of the options; raises UsageError with all faults."""
    from daemon.config.load import configured

    target = {"name": args.target, "collection_time": args.duration, "max_loop_time": "1s", "cooldown": "1h"}
    target |= _by_address(args) if args.address is not None else _by_process(args)
    try:
        config = configured({"targets": [target]}, [])
    except ConfigError as error:
        faults = [msgspec.structs.replace(one, path=_OPTIONS.get(one.path, one.path)) for one in error.faults]
        raise UsageError("\n".join(map(str, faults)), remedy="loopcam capture --help") from None
    return config.targets[0]


def _by_process(args: argparse.Namespace) -> dict[str, object]:
    options = {} if args.rate is None else {"rate_hz": args.rate}
    meant = "austin" if args.sampler == "austin" else "pyspy"
    return {"process": {"pid": args.pid}, "collectors": [{meant: options}, "host"], "sampler": args.sampler}


def _by_address(args: argparse.Namespace) -> dict[str, object]:
    if args.rate is not None or args.sampler != "auto":
        raise UsageError("--rate and --sampler are for a process", remedy="leave them out with --address")
    if args.address.startswith(DNS):
        raise UsageError("--address: a capture is of one address", remedy="HOST:PORT, of one of the name's")
    return {"address": args.address, "iterations": ["heartbeat"]}


async def _capture(target: "settings.Target", folder: Path) -> Path:
    from daemon.capture.capture import take
    from daemon.capture.opened import opened
    from daemon.capture.plan import plan, try_out
    from daemon.capture.subject import subject
    from daemon.capture.window import CaptureWindow
    from daemon.spool.spool import Spool
    from daemon.targets.held import HeldAddress
    from daemon.targets.process import HeldProcess

    duration, meant = target.collection_time, plan(target)
    held = HeldAddress(target.address[0]) if target.process.pid is None else HeldProcess(target.process.pid)
    if isinstance(held, HeldProcess):
        await try_out(meant.sampling, held)
    trigger = Trigger(
        target=target.name, kind=TriggerKind.MANUAL, reason="loopcam capture", at_s=time.monotonic()
    )
    spool = Spool(folder / "spool", max_bytes=2**40, max_reports=1)
    whose = subject(target, trigger, held)
    if isinstance(held, HeldAddress):
        await asyncio.gather(*(collector.try_out(whose) for collector in meant.collectors.values()))
    incoming = spool.begin(opened(whose, {}, duration, ()))
    window = CaptureWindow(duration)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, window.end, WindowEnd.SHUTDOWN)
    progress = asyncio.create_task(_progress(whose.where, duration), name="progress")
    try:
        capture = await take(meant, whose, window, incoming)
    finally:
        progress.cancel()
    _demand_evidence(capture)
    entry = spool.accept(incoming, capture)
    spool.close()
    return entry.report_dir


def _demand_evidence(capture: Capture) -> None:
    """Nothing at all was taken: say why, rather than leave an empty report."""
    if not capture.tells:
        failed = (part for part in capture.parts if part.outcome is not Outcome.COMPLETE)
        part = next(failed, capture.parts[0])
        if capture.process is None:
            raise LoopcamError(f"{capture.address}: {part.detail}", remedy=part.remedy)
        doctor = f"see `loopcam doctor --pid {capture.pid}`"
        remedy = f"{part.remedy}; {doctor}" if part.remedy else doctor
        raise LoopcamError(f"process {capture.pid}: {part.detail}", remedy=remedy)


async def _progress(where: str, duration: Seconds) -> None:
    """A line on a terminal that counts; one plain line elsewhere."""
    if not sys.stderr.isatty():
        print(f"capturing {where} for {duration}", file=sys.stderr)
        return
    started_s = time.monotonic()
    while (gone_s := time.monotonic() - started_s) < duration:
        bar = "#" * int(30 * gone_s / duration)
        print(f"\rcapturing {where} [{bar:30}] {Seconds(round(gone_s, 1))} ", end="", file=sys.stderr)
        await asyncio.sleep(0.1)
    print(file=sys.stderr)


def _hand_over(report: Report, out: str) -> str:
    if out != _STANDARD_OUTPUT:
        from sinks.file import File

        return File(path=Path(out).absolute(), keep=0).store(report)
    with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as archive:
        archive.add(report.directory, arcname=report.manifest.id)
    return "standard output"


def _tell(manifest: Manifest, where: str) -> None:
    capture = manifest.capture
    print(f"report in {where} ({capture.outcome})", file=sys.stderr)
    if (verdict := manifest.verdict) is not None:
        print(f"  {verdict.sentence} ({verdict.cause}, {verdict.confidence} confidence)", file=sys.stderr)
    for part in capture.parts:
        if part.outcome is not Outcome.COMPLETE:
            print(f"  {part.name}: {part.outcome}: {part.detail}  {part.remedy}", file=sys.stderr)
    for top in manifest.top_stacks[:3]:
        print(*(f"  {line}" for line in stacks.words(top)), sep="\n", file=sys.stderr)
