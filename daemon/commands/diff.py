"""Compare two reports or profiles: what is new, what vanished, what takes another share."""

import argparse
from pathlib import Path

from disk.durable import FILE_MODE
from model import coding
from model.errors import LoopcamError

MOST = 40


def add(parser: argparse.ArgumentParser) -> None:
    """What to compare, and how to tell."""
    what = (
        "a report's folder, profile.pb.gz, speedscope's JSON or collapsed stacks (austin's and py-spy's too)"
    )
    parser.add_argument("before", type=Path, metavar="A", help=what)
    parser.add_argument("after", type=Path, metavar="B", help="the same, to compare with it")
    parser.add_argument("--json", action="store_true", help="tell it as JSON, with all figures")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page with both flame graphs, too")
    parser.add_argument(
        "--most", type=_count, default=MOST, metavar="N", help=f"so many functions (default: {MOST})"
    )


def run(args: argparse.Namespace) -> int:
    """Print what moved; the largest moves first."""
    from report.baseline import difference, page
    from report.baseline.profiles.read import read

    before, after = read(args.before), read(args.after)
    found = difference.difference(before, after, args.most)
    if args.html is not None:
        _write(args.html, page.page(found))
    if args.json:
        print(coding.encode(difference.plain(found), indent=2).decode(), end="")
    else:
        print("\n".join(difference.lines(found)))
    return 0


def _write(file: Path, page: bytes) -> None:
    try:
        file.write_bytes(page)
        file.chmod(FILE_MODE)
    except OSError as error:
        said = f"{file} cannot be written: {error.strerror or error}"
        raise LoopcamError(said, remedy="give --html another place") from error


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise ValueError(text)
    return count
