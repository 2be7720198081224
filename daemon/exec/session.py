"""One run of `loopcam exec`: the command and its watcher, then the judgement and what is said of it."""

import asyncio
import gc
import logging
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from daemon import logs
from daemon.config.settings import Config, Part, Selector
from daemon.exec import command, demands, junit, reports, summary
from daemon.exec.demands import Demand, Judgement
from daemon.exec.place import Place, private
from daemon.exec.watching import Watching
from daemon.sources.contract import Source
from daemon.sources.heartbeat import Heartbeat
from model.errors import LoopcamError

UMASK = 0o077
MOST_PER_S = 100_000
_PUBLIC_MODE = 0o666


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line asks for."""

    argv: tuple[str, ...]
    out: Path
    slas: tuple[str, ...] = ()
    fail_on_overrun: bool = False
    junit: Path | None = None
    peer: bool = False
    verbose: bool = False
    log_format: str = "text"


class Ended(msgspec.Struct, frozen=True):
    """How it ended: the command's exit code, and whether a demand was broken."""

    code: int
    broken: bool


def run(wanted: Wanted, configure: Callable[[Place], Config]) -> Ended:
    """Run it to its end; raises CommandError, UsageError and SpoolError."""
    slas = [demands.demand(written) for written in wanted.slas]
    with private() as place:
        config = _adapted(configure(place), of_peer=wanted.peer)
        command.demand(wanted.argv)
        _make_folder(wanted.junit)
        _set_up_logs(wanted)
        before = reports.known(wanted.out)
        umask, began_s = os.umask(UMASK), time.monotonic()
        live = Watching(config, place, wanted.argv, umask)
        asyncio.run(_live(live))
        took_s = time.monotonic() - began_s
    judged = _judge(live, config, slas, fail_on_overrun=wanted.fail_on_overrun)
    found = reports.new(wanted.out, before, live.tally.named)
    said = summary.lines(live.tally, judged, found, live.refusals, heard=live.heard, unheard=live.unheard)
    for line in said:
        _say(line)
    code = live.code or 0
    if wanted.junit is not None:
        text = junit.document(config.targets[0].name, judged, found, took_s)
        written = _write(wanted.junit, text, _PUBLIC_MODE & ~umask)
        code = code or written
    return Ended(code, any(one.broken for one in judged if one.kind != "exit"))


def _adapted(config: Config, *, of_peer: bool) -> Config:
    """As many heartbeats as come, and on demand whoever sends the first one as the target."""
    (target,) = config.targets
    heard = tuple(_unbounded(part) for part in target.iterations)
    selector = Selector(peer=True) if of_peer else target.process
    target = msgspec.structs.replace(target, process=selector, iterations=heard)
    return msgspec.structs.replace(config, targets=(target,))


def _unbounded(part: Part[Source]) -> Part[Source]:
    """A flood would only harm the command itself, and a check must hear all of them."""
    if not isinstance(part.options, Heartbeat):
        return part
    options = msgspec.structs.replace(part.options, max_per_s=MOST_PER_S)
    return msgspec.structs.replace(part, options=options)


def _make_folder(file: Path | None) -> None:
    """Fail before the command runs rather than after it."""
    if file is None:
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LoopcamError(
            f"--junit {file}: {error.strerror}", remedy="give a file in a folder of yours"
        ) from error


def _set_up_logs(wanted: Wanted) -> None:
    logs.set_up(wanted.log_format)
    if not wanted.verbose:
        logging.getLogger().setLevel(logging.WARNING)


async def _live(live: Watching) -> None:
    gc.freeze()  # what is there now stays for good: no collection need look at it again
    await live.run()


def _judge(
    live: Watching, config: Config, slas: Sequence[Demand], *, fail_on_overrun: bool
) -> list[Judgement]:
    judged = [demands.of_exit(live.code or 0)]
    if fail_on_overrun:
        judged.append(demands.of_overruns(live.tally, config.targets[0].threshold_s, heard=live.heard))
    return [*judged, *(demands.of_durations(one, live.tally) for one in slas)]


def _write(file: Path, text: bytes, mode: int) -> int:
    """Replace a file as a whole, and give an exit code."""
    temporary = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(text)
        temporary.chmod(mode)
        temporary.replace(file)
    except OSError as error:
        _say(f"--junit {file}: {error.strerror}")
        temporary.unlink(missing_ok=True)
        return LoopcamError.exit_code
    return 0


def _say(line: str) -> None:
    sys.stderr.write(f"loopcam: {line}\n")
