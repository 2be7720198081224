"""The daemon's two listeners: control, and beside it metrics and probes for everybody."""

import logging

from aiohttp import web

from daemon.config.names import split_address
from daemon.config.settings import Config, Target
from daemon.core import Core
from daemon.sources.heartbeat import Heartbeat
from daemon.web.control import Control
from daemon.web.guards import Access, allowed_hosts
from daemon.web.heartbeat import Heartbeats
from daemon.web.listener import Listener, Tls
from daemon.web.probes import Probes
from model.errors import LoopcamError

_LOG = logging.getLogger(__name__)


class Servers:
    """Starts and stops the listeners that the configuration names."""

    def __init__(self, core: Core) -> None:
        config = core.config
        self._core = core
        self._rates = _rates(config)
        self._host = split_address(config.listen)[0]
        probes = Probes(core)
        heartbeats = Heartbeats(core.events.take, lambda: self._rates)
        routes = [*heartbeats.routes(), *probes.routes(), *Control(core).routes()]
        self._control = _listener(config.listen, routes, config, control=True)
        self._metrics: Listener | None = None
        if config.metrics_listen is not None:
            self._metrics = _listener(config.metrics_listen, probes.routes(), config, control=False)

    @property
    def address(self) -> str:
        """Where control is, as HOST:PORT."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{host}:{self._control.port}"

    async def start(self) -> None:
        """Listen; raises LoopcamError when an address cannot be had."""
        await self._control.start()
        if self._metrics is not None:
            await self._metrics.start()

    def reload(self) -> None:
        """Take up the targets of a new configuration, and renewed certificates."""
        self._rates = _rates(self._core.config)
        try:
            self._control.reload()
        except LoopcamError as error:
            about = {"error": str(error), "remedy": error.remedy}
            _LOG.warning("the old certificate stays", extra=about)

    async def stop(self) -> None:
        """Stop listening."""
        await self._control.stop()
        if self._metrics is not None:
            await self._metrics.stop()


def _listener(address: str, routes: list[web.RouteDef], config: Config, *, control: bool) -> Listener:
    host, port = split_address(address)
    if not control:
        return Listener(routes, host, port, access=Access(hosts=None))
    settings = config.control
    tls = None
    if settings.tls_cert is not None and settings.tls_key is not None:
        tls = Tls(certificate=settings.tls_cert, key=settings.tls_key)
    hosts = allowed_hosts(host, settings.allowed_hosts)
    access = Access(hosts=hosts, token_sha256=settings.token_sha256)
    return Listener(routes, host, port, access=access, tls=tls)


def _rates(config: Config) -> dict[str, int]:
    """Heartbeats a second by target; a target without that source is heard only to be told so."""
    return {target.name: _rate(target) for target in config.targets}


def _rate(target: Target) -> int:
    options = (part.options for part in target.iterations)
    return next((one.max_per_s for one in options if isinstance(one, Heartbeat)), 1)
