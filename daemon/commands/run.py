"""Watch targets, and capture iterations that overrun, until SIGTERM."""

import argparse
import asyncio
import gc
import os
from pathlib import Path
from typing import TYPE_CHECKING

from daemon import lean
from daemon.config import flags
from model.errors import TargetError

if TYPE_CHECKING:
    from daemon.config.settings import Config
    from daemon.notify import Notifier

UMASK = 0o077


def add(parser: argparse.ArgumentParser) -> None:
    """A configuration file, or one target by flags."""
    flags.add(parser)
    parser.add_argument("--log-format", choices=("text", "json"), default="text")


def run(args: argparse.Namespace) -> int:
    """Be the daemon."""
    from daemon import logs
    from daemon.notify import Notifier

    config = flags.config(args)
    if args.config is None:
        _demand_process(config)
    logs.set_up(args.log_format)
    os.umask(UMASK)
    asyncio.run(_live(config, args.config, Notifier.taken()))
    return 0


def _demand_process(config: "Config") -> None:
    """A pid on the command line means a process that runs now."""
    pid = config.targets[0].process.pid
    if pid is not None and not Path("/proc", str(pid)).exists():
        raise TargetError(
            f"process {pid}: no such process", remedy="to wait for one, use --match or --pidfile"
        )


async def _live(config: "Config", path: Path | None, notifier: "Notifier") -> None:
    lean.aiohttp_without_client()
    from daemon.app import App

    app = App(config, path, notifier)
    gc.freeze()  # what is there now stays for good: no collection need look at it again
    await app.run()
