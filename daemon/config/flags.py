"""The flags of `loopcam run`: a configuration file, or one target without a file."""

import argparse
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from model.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from daemon.config.settings import Config

DEFAULT_TARGET = "target"
SPOOL_BELOW_OUT = ".spool"


class Flag(msgspec.Struct, frozen=True):
    """A flag, its other spellings, and the option that it sets."""

    spellings: tuple[str, ...]
    metavar: str
    path: str
    help: str

    @property
    def dest(self) -> str:
        """Its name in the parsed arguments."""
        return self.spellings[0].removeprefix("--").replace("-", "_")


_TARGET = "targets[0]."
_LOG = f"{_TARGET}iterations[0].log"
_METRICS = f"{_TARGET}iterations[0].metrics"
_OF_BOTH = {"preset", "idle_allowance"}  # options of the sources log and metrics
FLAGS = (
    Flag(("--pid",), "N", f"{_TARGET}process.pid", "the process to watch, by its id"),
    Flag(("--pidfile",), "FILE", f"{_TARGET}process.pidfile", "... by a file that holds its id"),
    Flag(("--match",), "REGEX", f"{_TARGET}process.match", "... by its executable or command line"),
    Flag(("--systemd",), "UNIT", f"{_TARGET}process.systemd", "... as the main process of a systemd service"),
    Flag(
        ("--address",),
        "HOST:PORT",
        f"{_TARGET}address",
        "where its HTTP is: metrics and pprof; with a process or alone",
    ),
    Flag(
        ("--max-loop-time", "--diagnostic-max-loop-time"),
        "TIME",
        f"{_TARGET}max_loop_time",
        "an iteration that takes longer is captured, such as 2m",
    ),
    Flag(
        ("--collection-time", "--diagnostic-collection-time", "--diagnostic-max-collection-time"),
        "TIME",
        f"{_TARGET}collection_time",
        "how long evidence is collected (30s)",
    ),
    Flag(
        ("--cooldown", "--diagnostic-cooldown", "--diagnostic-cooldown-period"),
        "TIME",
        f"{_TARGET}cooldown",
        "no other capture for this long (15m)",
    ),
    Flag(("--log-file",), "PATH", f"{_LOG}.path", "learn of iterations by its log; - is standard input"),
    Flag(
        ("--preset",),
        "NAME",
        f"{_LOG}.preset",
        "... as a well-known loop writes it, such as patroni; with --address and no log: as its metrics tell",
    ),
    Flag(("--log-start",), "REGEX", f"{_LOG}.start", "... by lines that start an iteration"),
    Flag(("--log-end",), "REGEX", f"{_LOG}.end", "... by lines that end one"),
    Flag(("--log-beat",), "REGEX", f"{_LOG}.beat", "... by a line that every turn writes"),
    Flag(
        ("--idle-allowance",),
        "TIME",
        f"{_LOG}.idle_allowance",
        "... and the longest healthy pause between two",
    ),
    Flag(
        ("--scrape-interval",),
        "TIME",
        f"{_METRICS}.interval",
        "how often metrics are asked for (5s); an overrun is seen so much later",
    ),
    Flag(("--captures-per-hour",), "N", f"{_TARGET}captures_per_hour", "the most captures an hour (4)"),
    Flag(("--target",), "NAME", f"{_TARGET}name", f"what the target is called ({DEFAULT_TARGET})"),
    Flag(
        ("--out", "--diagnostic-directory"),
        "DIR",
        "sinks[0].file.path",
        "where reports go; the spool is DIR/.spool",
    ),
    Flag(("--listen",), "HOST:PORT", "listen", "where heartbeats, metrics and the page are served"),
    Flag(
        ("--metrics-listen",), "HOST:PORT", "metrics_listen", "a second address, for metrics and probes only"
    ),
    Flag(("--unix-http",), "PATH", "unix.http", "a Unix socket with the same HTTP"),
    Flag(("--unix-datagram",), "PATH", "unix.datagram", "a Unix socket for heartbeats as datagrams"),
)


def add(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `loopcam run` that make its configuration."""
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="a configuration file; instead of the other flags"
    )
    add_some(parser, FLAGS)


def add_some(parser: argparse.ArgumentParser, some: Iterable[Flag]) -> None:
    """Add some of the flags."""
    for flag in some:
        parser.add_argument(
            *flag.spellings, dest=flag.dest, metavar=flag.metavar, help=flag.help, action=_AsWritten
        )


class _AsWritten(argparse.Action):
    """Keeps the value together with the spelling of its flag, for faults to name it."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[object] | None,
        option_string: str | None = None,
    ) -> None:
        setattr(namespace, self.dest, (option_string or self.option_strings[0], str(values)))


def config(arguments: argparse.Namespace) -> "Config":
    """The configuration that the flags name or make; raises ConfigError (a file's) or UsageError."""
    written: dict[Flag, tuple[str, str]] = {
        flag: found for flag in FLAGS if (found := getattr(arguments, flag.dest)) is not None
    }
    if arguments.config is None:
        return _of_flags(written)
    if written:
        spelt = ", ".join(spelling for spelling, _ in written.values())
        raise UsageError(
            f"--config together with {spelt}", remedy="put it into the file, or leave --config out"
        )
    from daemon.config.load import load  # here, and not above: every command adds these flags

    return load(arguments.config)


def _of_flags(written: Mapping[Flag, tuple[str, str]]) -> "Config":
    values = {flag.path: value for flag, (_, value) in written.items()}
    if not values:
        raise UsageError(
            "no configuration",
            remedy="loopcam run --config FILE, or --pid N --max-loop-time TIME --out DIR",
        )
    from daemon.config.load import configured

    try:
        return configured(_document(values), [])
    except ConfigError as error:
        paths = {flag.path: flag.spellings[0] for flag in FLAGS}
        paths |= {flag.path: spelling for flag, (spelling, _) in written.items()}
        paths |= {
            "targets[0].process": "--pid, --pidfile, --match, --systemd, --address",
            "sinks": paths["sinks[0].file.path"],
        }
        paths |= {_LOG: paths[f"{_LOG}.path"], f"{_METRICS}.preset": paths[f"{_LOG}.preset"]}
        paths |= {f"{_TARGET}iterations": "--log-file or --preset"}
        paths |= {f"{_TARGET}address[0]": paths[f"{_TARGET}address"]}
        faults = [msgspec.structs.replace(one, path=paths.get(one.path, one.path)) for one in error.faults]
        raise UsageError("\n".join(map(str, faults)), remedy="loopcam run --help") from None


def _document(values: Mapping[str, str]) -> dict[str, object]:
    """What a file with the same meaning would hold."""
    below = {path.removeprefix(_TARGET): value for path, value in values.items() if path.startswith(_TARGET)}
    process = _taken(below, "process.")
    log, metrics = (_taken(below, f"{source.removeprefix(_TARGET)}.") for source in (_LOG, _METRICS))
    if "address" in below and not log.keys() - _OF_BOTH:
        log, metrics = {}, log | metrics
    sources = [{kind: options} for kind, options in (("log", log), ("metrics", metrics)) if options]
    iterations = {"iterations": sources} if sources else {}
    made: dict[str, object] = {key: values[key] for key in ("listen", "metrics_listen") if key in values}
    unix = {key.removeprefix("unix."): value for key, value in values.items() if key.startswith("unix.")}
    made |= {"unix": unix} if unix else {}
    made["targets"] = [{"name": DEFAULT_TARGET, "process": process, **iterations, **below}]
    out = values.get("sinks[0].file.path")
    if out:
        out = str(Path(out).absolute())
        made["spool"] = {"path": f"{out}/{SPOOL_BELOW_OUT}"}
    made["sinks"] = [{"file": {"path": out}}]
    return made


def _taken(values: dict[str, str], prefix: str) -> dict[str, str]:
    """The values below a prefix, which are taken out."""
    return {key.removeprefix(prefix): values.pop(key) for key in list(values) if key.startswith(prefix)}
