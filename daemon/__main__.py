"""The command line: `loopcam COMMAND ...`."""

import argparse
import importlib
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import NoReturn

from daemon import __version__
from model.errors import ConfigError, LoopcamError, UsageError

COMMANDS = (
    "run", "exec", "capture", "check", "doctor", "schema", "inject", "collect", "reports", "diff",
    "heartbeat", "demo",
)  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code; `--help` and `--version` end the process."""
    try:
        given = sys.argv[1:] if arguments is None else arguments
        args = _parsed(given)
        if args.command is None:
            print(_parser(COMMANDS).format_help(), end="", file=sys.stderr)
            return UsageError.exit_code
        code: int = _command(args.command).run(args)
    except LoopcamError as error:
        _explain(error)
        return error.exit_code
    except BrokenPipeError:  # `loopcam reports list | head`
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        return 130
    return code


class _Parser(argparse.ArgumentParser):
    """Tells a wrong command line like any other wrong use."""

    def error(self, message: str) -> NoReturn:
        """What argparse found wrong."""
        raise UsageError(message, remedy=f"see `{self.prog} --help`")


def _command(name: str) -> ModuleType:
    return importlib.import_module(f"daemon.commands.{name}")


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Where a command stands first, the others are not loaded: a daemon needs none of them."""
    named = arguments[:1] if arguments and arguments[0] in COMMANDS else COMMANDS
    return _parser(named).parse_args(arguments)


def _parser(names: Sequence[str]) -> argparse.ArgumentParser:
    parser = _Parser(
        prog="loopcam",
        description="A dashcam for control loops: when an iteration overruns, see what the process is doing.",
        epilog="Begin with `loopcam demo`; then `loopcam run --help`.",
    )
    parser.add_argument("--version", action="version", version=f"loopcam {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name in names:
        command = _command(name)
        summary = (command.__doc__ or "").partition("\n")[0]
        command.add(commands.add_parser(name, help=summary, description=summary))
    return parser


def _explain(error: LoopcamError) -> None:
    red, plain = ("\x1b[31m", "\x1b[0m") if sys.stderr.isatty() else ("", "")
    if isinstance(error, ConfigError):
        many = "1 fault" if len(error.faults) == 1 else f"{len(error.faults)} faults"
        print(f"{red}loopcam: {many} in the configuration{plain}", file=sys.stderr)
        print(error, file=sys.stderr)
        return
    print(f"{red}loopcam: {error}{plain}", file=sys.stderr)
    if error.remedy:
        print(f"  {error.remedy}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
