"""Sources: how loopcam learns of iterations. These tables are all there is to registering one."""

from daemon.sources.contract import Source
from daemon.sources.heartbeat import Heartbeat
from daemon.sources.log.options import Log
from daemon.sources.metrics.options import Metrics

SOURCES: dict[str, type[Source]] = {
    "heartbeat": Heartbeat,
    "log": Log,
    "metrics": Metrics,
}

# Those that fetch what they know: `async def run(options, post)`, loaded only where configured.
RUNNERS: dict[str, str] = {
    "log": "daemon.sources.log.source:run",
    "metrics": "daemon.sources.metrics.source:run",
}
