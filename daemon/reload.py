"""Taking the configuration up again, on SIGHUP and when its file changes."""

import logging
from collections.abc import Iterable
from pathlib import Path

from daemon.config.doubts import tell
from daemon.config.load import load
from daemon.config.parts import Part
from daemon.config.settings import Config
from daemon.core import Core
from daemon.notify import Notifier
from daemon.telemetry import gauges
from daemon.web.servers import Servers
from model.errors import LoopcamError
from sinks.contract import Sink
from sinks.notification import Notification

_LOG = logging.getLogger(__name__)

_AT_START_ONLY = ("listen", "metrics_listen", "unix", "control")


class Reloader:
    """Watches the configuration's file; a ConfigMap's symlink swap changes what the path leads to."""

    def __init__(self, core: Core, servers: Servers, path: Path | None, notifier: Notifier) -> None:
        self._core = core
        self._servers = servers
        self._path = path
        self._notifier = notifier
        self._seen = self._stamp()
        self._closed = False

    def close(self) -> None:
        """Take up nothing more: what ends would begin again, and systemd hear that we are ready."""
        self._closed = True

    def look(self) -> None:
        """Reload when the file has changed since the last look."""
        stamp = self._stamp()
        if not self._closed and stamp is not None and stamp != self._seen:
            self.reload()

    def reload(self) -> None:
        """Take the file up again; a bad one is refused and the configuration in use stays."""
        if self._closed:
            _LOG.info("not read again: loopcam is stopping, the next start reads it")
            return
        self._notifier.reloading()
        self._read()
        self._notifier.ready()  # with the old one, where the new one was refused

    def _read(self) -> None:
        if self._path is None:
            _LOG.info("no configuration file to read again: it came from flags")
            return
        self._seen = self._stamp()
        try:
            config = load(self._path)
        except (LoopcamError, OSError) as error:
            _LOG.error("configuration refused, the old one stays", extra={"faults": str(error)})
            self._core.refused_config = str(error)
            self._core.telemetry.count_reload(success=False)
            return
        self._use(config)
        self._core.refused_config = ""
        self._core.telemetry.count_reload(success=True)
        _LOG.info("configuration taken up", extra={"file": str(self._path)})
        tell(config)

    def _use(self, config: Config) -> None:
        old = self._core.config
        for option in _AT_START_ONLY:
            if getattr(old, option) != getattr(config, option):
                _LOG.warning("takes effect at the next start", extra={"option": option})
        if old.spool.path != config.spool.path:
            _LOG.warning("takes effect at the next start", extra={"option": "spool.path"})
        before = set(self._core.fleet.targets)
        self._core.use(config)
        gauges.withdraw(
            self._core,
            targets=before - self._core.fleet.targets.keys(),
            sinks=_names(old.sinks) - _names(config.sinks),
            notifications=_names(old.notifications) - _names(config.notifications),
        )
        gauges.announce(self._core)
        self._servers.reload()

    def _stamp(self) -> tuple[int, int, int] | None:
        """What tells one content of the file from another; None while it is not there."""
        try:
            status = self._path.stat() if self._path else None
        except OSError:
            return None
        return (status.st_ino, status.st_mtime_ns, status.st_size) if status else None


def _names(parts: Iterable[Part[Sink]] | Iterable[Part[Notification]]) -> set[str]:
    return {part.name for part in parts}
