"""Where a demonstration puts what it makes, told before anything starts when it cannot."""

from pathlib import Path

from model.errors import UsageError


def folder(wanted: Path) -> Path:
    """`--out`, made where it is missing; raises UsageError."""
    try:
        wanted.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--out {wanted}: {error.strerror}", remedy="give a folder of yours") from error
    return wanted


def check_file(wanted: Path) -> None:
    """`--json`, which is written at the end, hours later; raises UsageError."""
    try:
        with wanted.open("ab"):
            pass
    except OSError as error:
        raise UsageError(
            f"--json {wanted}: {error.strerror}", remedy="give a file in a folder of yours"
        ) from error
