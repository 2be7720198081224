"""Sources: how loopcam learns of iterations. These tables are all there is to registering one."""

from daemon.sources.contract import Source
from daemon.sources.heartbeat import Heartbeat
from daemon.sources.log.options import Log

SOURCES: dict[str, type[Source]] = {
    "heartbeat": Heartbeat,
    "log": Log,
}

# Those that fetch what they know: `async def run(options, post)`, loaded only where configured.
RUNNERS: dict[str, str] = {
    "log": "daemon.sources.log.source:run",
}
