"""The command line: `loopcam COMMAND ...`."""

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from daemon.commands import (
    capture,
    check,
    collect,
    demo,
    diff,
    doctor,
    heartbeat,
    inject,
    reports,
    run,
    schema,
)
from daemon.commands import exec as exec_command
from daemon.evidence import version
from model.errors import ConfigError, LoopcamError, UsageError

COMMANDS = {
    "run": run,
    "exec": exec_command,
    "capture": capture,
    "check": check,
    "doctor": doctor,
    "schema": schema,
    "inject": inject,
    "collect": collect,
    "reports": reports,
    "diff": diff,
    "heartbeat": heartbeat,
    "demo": demo,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code; `--help` and `--version` end the process."""
    try:
        parser = _parser()
        args = parser.parse_args(arguments)
        if args.command is None:
            print(parser.format_help(), end="", file=sys.stderr)
            return UsageError.exit_code
        code: int = COMMANDS[args.command].run(args)
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


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="loopcam",
        description="A dashcam for control loops: when an iteration overruns, see what the process is doing.",
        epilog="Begin with `loopcam demo`; then `loopcam run --help`.",
    )
    parser.add_argument("--version", action="version", version=f"loopcam {version()}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, command in COMMANDS.items():
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
