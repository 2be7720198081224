"""From a file of YAML to a Config, or to all its faults."""

import logging
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from daemon.config.document import MAX_BYTES, read
from daemon.config.faults import fault
from daemon.config.references import expand
from daemon.config.settings import Config
from daemon.config.walker import convert
from model.errors import ConfigError, Fault

_log = logging.getLogger(__name__)


def load(path: Path) -> Config:
    """The configuration in a file; raises ConfigError."""
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if stat.S_ISREG(status.st_mode):
                _check_file(path, status)
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        rule = error.strerror or str(error)
        closed = isinstance(error, PermissionError)
        hint = (
            f"open it and the folders above it to user {os.geteuid()} or group {os.getegid()}"
            if closed
            else ""
        )
        raise ConfigError([fault(str(path), "cannot be read", rule, hint)]) from error
    return parse(data, str(path))


def parse(text: str | bytes, origin: str, environ: Mapping[str, str] = os.environ) -> Config:
    """The configuration in a text; `origin` says where it is from. Raises ConfigError."""
    raw = read(text.encode() if isinstance(text, str) else text, origin)
    if not isinstance(raw, dict):
        value = "empty" if raw is None else "not a mapping"
        raise ConfigError([fault(origin, value, "must be a mapping of options such as `targets:`")])
    faults: list[Fault] = []
    return configured(expand(raw, "", environ, faults), faults)


def configured(raw: object, faults: list[Fault]) -> Config:
    """The configuration that plain data describes; raises ConfigError with the faults known and found."""
    config = convert(raw, Config, "", faults)
    if faults or not isinstance(config, Config):
        raise ConfigError(faults)
    return config


def _check_file(path: Path, status: os.stat_result) -> None:
    if status.st_size > MAX_BYTES:
        raise ConfigError([fault(str(path), f"{status.st_size} bytes", f"at most {MAX_BYTES // 1024} KiB")])
    if status.st_mode & stat.S_IWOTH:
        rule = "anybody may write it, and so say what loopcam does"
        raise ConfigError([fault(str(path), oct(status.st_mode & 0o777), rule, f"chmod o-w {path}")])
    if status.st_mode & stat.S_IWGRP:
        _log.warning("%s may be written by its group, which can then say what loopcam does", path)
