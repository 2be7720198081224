"""What the daemon and its children say to each other: one JSON object a line, over stdin and stdout."""

from typing import Any

import msgspec

from model.news import Moment


class StoreSetup(msgspec.Struct, frozen=True, kw_only=True):
    """First line to a process: its sink or notification. Secrets are revealed, hence never an argument."""

    kind: str
    options: dict[str, Any]


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A report to draw or to store, by its directory; or healthy samples to fold."""

    directory: str
    draw: bool = True  # for the renderer: False lists the evidence without drawing it
    baseline: str = ""  # for the renderer: a file that the samples in `directory` are folded into
    moment: Moment | None = None  # for a notification: what there is to tell of it
    locations: dict[str, str] = {}  # and where it is stored, by sink


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """How a job ended."""

    location: str = ""
    error: str = ""
    remedy: str = ""
    retry: bool = True
    retry_after_s: float | None = None
