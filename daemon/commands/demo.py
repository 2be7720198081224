"""See it work: a small autoscaler stalls under a real daemon, and you get the report."""

import argparse
import contextlib
import signal
import time
from pathlib import Path

from daemon.commands import demo_words, simulate
from daemon.commands.reports import whole
from daemon.demo import autoscaler, places
from daemon.demo.children import WITHIN_S, Child, check_alive, child, free_port, wait_until_healthy
from daemon.demo.stalls import DEFAULT, STALLS
from model.errors import LoopcamError, UsageError

TARGET = "demo-autoscaler"
PIDFILE = "autoscaler.pid"
LOG = "autoscaler.log"
HEALTHY_ITERATIONS = 30  # so many that the daemon samples some, and compares the stall with them
_ITERATION_S = 0.36  # a healthy one, with the pause after it
_CONFIGURATION = """\
listen: {address}
spool: {{path: {out}/spool}}
labels: {{cluster: demo}}
targets:
  - name: {target}
    process: {{pidfile: {pidfile}}}
    max_loop_time: 1s
    collection_time: 3s
    cooldown: 3s
    captures_per_hour: 60
    captures_per_signature: 60
    iterations:
      - {source}
sinks:
  - file: {{path: {out}/reports}}
"""

# The one place where the two demonstrations differ, but for what the autoscaler is told.
_SOURCES = {
    "heartbeat": "heartbeat",
    "log": "log: {{path: {log}, start: '{start} (?P<iteration>\\d+)', end: '{end} (?P<iteration>\\d+)'}}",
}


def add(parser: argparse.ArgumentParser) -> None:
    """Where to, and whether to stay."""
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("loopcam-demo"),
        metavar="DIR",
        help="where log, spool and reports are kept (%(default)s)",
    )
    parser.add_argument(
        "--source",
        choices=tuple(_SOURCES),
        default="heartbeat",
        help="how the daemon learns of iterations (%(default)s)",
    )
    parser.add_argument("--serve", action="store_true", help="keep the daemon and its page up until Ctrl-C")
    parser.add_argument("--list", action="store_true", help="the stalls that there are, and nothing else")
    parser.add_argument(
        "--stall", default=DEFAULT, metavar="NAME", help="how the autoscaler stalls (%(default)s)"
    )
    parser.add_argument(
        "--seconds",
        type=float,
        default=autoscaler.STALL_S,
        metavar="S",
        help="for about so long (%(default)s)",
    )
    parser.add_argument(
        "--threads",
        type=int,
        default=autoscaler.THREADS,
        metavar="N",
        help="beside so many threads (%(default)s)",
    )
    parser.add_argument(
        "--depth", type=int, default=0, metavar="N", help="beneath so many calls more (%(default)s)"
    )
    parser.add_argument(
        "--healthy",
        type=int,
        default=HEALTHY_ITERATIONS,
        metavar="N",
        help="after so many healthy iterations (%(default)s)",
    )
    simulate.add(parser)


def run(args: argparse.Namespace) -> int:
    """Play it through, and end what was started."""
    if args.list:
        print(demo_words.listed())
        return 0
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell starts what it puts aside with SIGINT ignored
        signal.signal(number, signal.default_int_handler)
    if simulate.is_wanted(args):
        return simulate.run(args)
    _check(args)
    address = f"127.0.0.1:{free_port()}"
    out = places.folder(args.out.absolute())
    known = set(whole(out / "reports"))
    with contextlib.ExitStack() as children:
        print("A daemon starts. In the loop that it watches, an iteration may take 1 s.", flush=True)
        daemon = children.enter_context(
            child("-m", "daemon", "run", "--config", _configure(out, address, args.source))
        )
        wait_until_healthy(address, daemon)
        print(
            f"An autoscaler starts: {args.healthy} healthy iterations"
            f" in about {args.healthy * _ITERATION_S:.0f} s, then one that stalls:"
            f" {STALLS[args.stall].does} ({args.stall}).",
            flush=True,
        )
        watcher = str(out / LOG) if args.source == "log" else f"http://{address}"
        children.enter_context(child("-m", autoscaler.__name__, watcher, *_program(args, out)))
        print(
            f"\n{demo_words.told(_wait_for_report(out / 'reports', known, daemon, args.healthy), args.stall)}"
        )
        if args.serve:
            _serve(f"http://{address}/", daemon)
    return 0


def _check(args: argparse.Namespace) -> None:
    if args.stall not in STALLS:
        raise UsageError(f"--stall {args.stall}: no such stall", remedy="`loopcam demo --list` names them")
    if missing := STALLS[args.stall].missing():
        raise UsageError(f"--stall {args.stall} cannot be made here: {missing}", remedy="take another one")
    for name, least, most in (
        ("seconds", 2.0, 60.0),
        ("threads", 0, 500),
        ("depth", 0, 500),
        ("healthy", 0, 500),
    ):
        if not least <= (value := getattr(args, name)) <= most:
            raise UsageError(f"--{name} {value:g} is out of bounds", remedy=f"from {least:g} to {most:g}")


def _program(args: argparse.Namespace, out: Path) -> list[str]:
    varied = (
        f"--{name}={getattr(args, name)}" for name in ("stall", "seconds", "threads", "depth", "healthy")
    )
    return [TARGET, str(out / PIDFILE), *varied]


def _configure(out: Path, address: str, source: str) -> str:
    (out / PIDFILE).unlink(missing_ok=True)
    told = _SOURCES[source].format(log=out / LOG, **autoscaler.LINES)
    file = out / "demo.yaml"
    file.write_text(
        _CONFIGURATION.format(address=address, out=out, target=TARGET, pidfile=out / PIDFILE, source=told)
    )
    return str(file)


def _wait_for_report(folder: Path, known: set[Path], daemon: Child, healthy: int) -> Path:
    within_s = WITHIN_S + 2 * healthy * _ITERATION_S
    deadline_s = time.monotonic() + within_s
    while time.monotonic() < deadline_s:
        if new := [one for one in whole(folder) if one not in known and demo_words.is_of_stall(one, healthy)]:
            return new[0]
        check_alive(daemon)
        time.sleep(0.1)
    raise LoopcamError(f"no report within {within_s:.0f} s", remedy="the daemon's log above says why")


def _serve(page: str, daemon: Child) -> None:
    with contextlib.suppress(KeyboardInterrupt):
        print(f"\nThe daemon's page: {page}   (Ctrl-C ends it)", flush=True)
        daemon.wait()
