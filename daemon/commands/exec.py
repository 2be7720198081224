"""Start a command, watch its loop while it runs, and check that it kept its times."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from daemon import lean
from daemon.config import flags
from daemon.exec.place import Place
from model.errors import UsageError

if TYPE_CHECKING:
    from daemon.config.settings import Config

BROKEN = 3
_OUT = "loopcam-reports"
_LISTEN = "127.0.0.1:0"
_ELSEWHERE = ("targets[0].process.", "metrics_listen", "unix.")  # what is not for this command
_FLAGS = tuple(flag for flag in flags.FLAGS if not flag.path.startswith(_ELSEWHERE))


def add(parser: argparse.ArgumentParser) -> None:
    """Flags as those of `loopcam run`, what is demanded, and the command."""
    parser.usage = "loopcam exec [options] -- CMD [ARGUMENT ...]"
    flags.add_some(parser, _FLAGS)
    parser.add_argument(
        "--peer", action="store_true", help="watch whoever sends the first heartbeat: CMD is a wrapper"
    )
    parser.add_argument("--fail-on-overrun", action="store_true", help="exit 3 when an iteration overran")
    parser.add_argument(
        "--sla", action="append", default=[], metavar="WHAT=TIME", help="exit 3 beyond it: p99=2s, max, mean"
    )
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write what was demanded as JUnit XML")
    parser.add_argument("--verbose", action="store_true", help="log more than warnings")
    parser.add_argument("--log-format", choices=("text", "json"), default="text")
    parser.add_argument("argv", nargs=argparse.REMAINDER, metavar="CMD")


def run(args: argparse.Namespace) -> int:
    """The command's exit code; where that is 0, 3 if a demand was broken."""
    lean.aiohttp_without_client()
    from daemon.exec import session  # here, and not above: every command is listed

    argv = args.argv[1:] if args.argv[:1] == ["--"] else args.argv
    if not argv:
        raise UsageError("no command", remedy="loopcam exec --max-loop-time 2s -- CMD [ARGUMENT ...]")
    wanted = session.Wanted(
        argv=tuple(argv),
        out=Path((args.out or ("", _OUT))[1]).absolute(),
        slas=tuple(args.sla),
        fail_on_overrun=args.fail_on_overrun,
        junit=args.junit,
        peer=args.peer,
        verbose=args.verbose,
        log_format=args.log_format,
    )
    ended = session.run(wanted, lambda place: _config(args, place))
    return ended.code or (BROKEN if ended.broken else 0)


def _config(args: argparse.Namespace, place: Place) -> "Config":
    """What `loopcam run` would have been told; raises UsageError."""
    if args.log_file is not None and args.log_file[1] == "-":
        raise UsageError("--log-file -: standard input is CMD's", remedy="give the file that CMD logs to")
    given = {flag.dest: getattr(args, flag.dest, None) for flag in flags.FLAGS}
    made = {
        "config": None,
        "pidfile": ("--pidfile", str(place.pidfile)),
        "unix_datagram": ("--unix-datagram", str(place.socket)),
        "listen": given["listen"] or ("--listen", _LISTEN),
        "out": given["out"] or ("--out", _OUT),
    }
    try:
        return flags.config(argparse.Namespace(**given | made))
    except UsageError as error:
        raise UsageError(str(error), remedy="loopcam exec --help") from None
