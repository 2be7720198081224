"""What was fetched of a target's HTTP for a report: the content of `evidence/NAME.fetches.json`."""

import msgspec

FETCHES_KIND = "fetches"
FETCHES_SUFFIX = ".fetches.json"


class Fetch(msgspec.Struct, frozen=True, kw_only=True):
    """One request and its answer. Times are monotonic seconds."""

    what: str  # cpu, goroutines, goroutine_dump, heap, ... of pprof; else the name in the configuration
    path: str  # of the file, relative to the report's directory; empty where nothing came
    url: str  # without its query's secrets
    started_s: float
    ended_s: float
    status: int  # of HTTP; 0 where no answer came
    size_bytes: int
    whole: bool  # nothing was cut off
    detail: str = ""  # why it failed, or what is to be said of it
    remedy: str = ""


class Fetches(msgspec.Struct, frozen=True, kw_only=True):
    """All requests of one collector, in the order in which they began."""

    collector: str  # its name in the configuration
    kind: str  # pprof or http
    fetches: tuple[Fetch, ...]
