"""Log lines: words and colour for a person at a terminal, JSON for a collector of logs."""

import json
import logging
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TextIO

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_COLOURS = {logging.WARNING: "\x1b[33m", logging.ERROR: "\x1b[31m", logging.CRITICAL: "\x1b[31m"}
_SYSLOG = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (0, 7))
_DIM, _PLAIN = "\x1b[2m", "\x1b[0m"


def fields(record: logging.LogRecord) -> dict[str, object]:
    """What was said beside the message."""
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Time, level, message and fields; a traceback as text."""
        said: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **fields(record),
        }
        if record.exc_info:
            said["traceback"] = self.formatException(record.exc_info)
        return json.dumps(said, default=str)


class Words(logging.Formatter):
    """`12:01:02 message  key=value ...`, in colour where wanted, without the time where it is known."""

    def __init__(self, *, colour: bool, timed: bool = True) -> None:
        super().__init__()
        self._colour = colour
        self._timed = timed

    def format(self, record: logging.LogRecord) -> str:
        """One line, and a traceback below it."""
        time = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        said = "  ".join(f"{key}={_quoted(value)}" for key, value in fields(record).items() if value != "")
        message = record.getMessage()
        if self._colour:
            message = f"{_COLOURS.get(record.levelno, '')}{message}{_PLAIN}"
            said = f"{_DIM}{said}{_PLAIN}"
        elif record.levelno >= logging.WARNING:
            message = f"{record.levelname.lower()}: {message}"
        line = f"{time} {message}  {said}".rstrip() if self._timed else f"{message}  {said}".rstrip()
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class ForJournal(logging.Formatter):
    """Each line with its syslog level before it, which journald takes away and keeps as the priority."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        """Every line of a traceback is one of the journal's."""
        level = next(syslog for least, syslog in _SYSLOG if record.levelno >= least)
        return "\n".join(f"<{level}>{line}" for line in self._inner.format(record).split("\n"))


def in_journal(stream: TextIO, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a stream is the one that systemd says leads to the journal."""
    try:
        status = os.fstat(stream.fileno())
    except (OSError, ValueError):  # not a file at all
        return False
    return environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


def _quoted(value: object) -> str:
    """A value on one line, whatever is in it: nothing in it moves a terminal's cursor or forges a line."""
    text = str(value)
    plain = text.isprintable() and " " not in text and '"' not in text
    return text if plain else json.dumps(text, ensure_ascii=not text.isprintable())


def set_up(form: str, stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Log to a stream, standard error by default, in the form `text` or `json`."""
    stream = stream or sys.stderr
    handler = logging.StreamHandler(stream)
    journal = in_journal(stream)
    made = JsonLines() if form == "json" else Words(colour=stream.isatty(), timed=not journal)
    handler.setFormatter(ForJournal(made) if journal else made)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("aiohttp").setLevel(logging.WARNING)
