"""Put loopcam beside a container of manifests that are not ours: standard input to standard output."""

import argparse
import sys
from pathlib import Path

_MODES = ("container", "native")
_RUNGS = ("sameUser", "ptrace", "fileCap", "none")


def add(parser: argparse.ArgumentParser) -> None:
    """What is watched, by which right, and the values of the chart."""
    parser.add_argument("--target", metavar="NAME", help="the container to watch")
    parser.add_argument(
        "--workload", metavar="KIND/NAME", default="", help="where several have such a container"
    )
    parser.add_argument(
        "--privilege", choices=_RUNGS, help="how it may look into the target (default: sameUser)"
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="a loopcam.yaml: the value `config`")
    parser.add_argument("--values", type=Path, metavar="FILE", help="values of the chart loopcam-lib")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="one value, such as guaranteed=true"
    )
    parser.add_argument("--mode", choices=_MODES, help="an ordinary container (default), or a native sidecar")
    parser.add_argument("--image", metavar="NAME", help="the image, as NAME:TAG or NAME@DIGEST")
    parser.add_argument("--remove", action="store_true", help="take out what was put in, and nothing else")


def run(args: argparse.Namespace) -> int:
    """Read all, and write only when all is well."""
    from daemon.inject.manifests import injected, removed
    from daemon.inject.values import values

    text = _standard_input()
    if args.remove:
        made = removed(text, args.workload)
    else:
        made = injected(text, values(args.values, args.set, _named(args)), args.workload)
    sys.stdout.buffer.write(made.encode())
    sys.stdout.buffer.flush()
    return 0


def _standard_input() -> str:
    from daemon.inject.errors import ManifestError

    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ManifestError(
            f"standard input: byte {error.start} is not UTF-8",
            remedy="give it YAML or JSON in UTF-8 (Windows PowerShell's `>` writes UTF-16)",
        ) from None


def _named(args: argparse.Namespace) -> dict[str, object]:
    """What options of their own say, by the path of the value."""
    from daemon.inject.values import from_file, image

    named: dict[str, object] = {
        "target": args.target,
        "privilege": args.privilege,
        "sidecar.mode": args.mode,
    }
    if args.config is not None:
        named["config"] = from_file(args.config)
    if args.image:
        named["image"] = image(args.image)
    return {path: value for path, value in named.items() if value is not None}
