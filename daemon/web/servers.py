"""All that listens: control, metrics and probes for everybody, and the Unix sockets."""

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING

from aiohttp import web

from daemon.config.names import split_address
from daemon.config.settings import Config, Target
from daemon.config.unix import Unix
from daemon.core import Core
from daemon.sources.heartbeat import Heartbeat
from daemon.sources.heartbeat.hearing import Hearing
from daemon.sources.heartbeat.peers import Peers
from daemon.sources.heartbeat.unheard import Unheard
from daemon.web.control import Control
from daemon.web.guards import Access, allowed_hosts
from daemon.web.heartbeat import Heartbeats
from daemon.web.listener import Listener, Tls
from daemon.web.on_demand import OnDemand
from daemon.web.probes import Probes
from model.errors import LoopcamError

if TYPE_CHECKING:
    from daemon.sources.heartbeat.datagrams import Datagrams

_LOG = logging.getLogger(__name__)


class Servers:
    """Starts and stops the listeners that the configuration names."""

    def __init__(self, core: Core) -> None:
        config = self._begun_with = core.config
        self._core = core
        self._rates = _rates(config)
        for why in Unheard:
            core.telemetry.heartbeats_refused.labels(why)
        self._peers = Peers(core.fleet, config.unix.uids if config.unix else ())
        hearing = Hearing(
            core.events.take, lambda: self._rates, admit=self._peers.admit, refused=self._count_refused
        )
        probes = Probes(core)
        control = Control(core)
        self._live = control.live
        shown = [*probes.routes(), *control.routes(), *OnDemand(core).routes()]
        routes = [*Heartbeats(hearing).routes(), *shown]
        self._control: Listener | None = None
        self._all: list[Listener | Datagrams] = []
        if config.listen is not None:
            self._control = _listener(config.listen, routes, config, control=True)
            self._all.append(self._control)
        if config.metrics_listen is not None:
            self._all.append(_listener(config.metrics_listen, probes.routes(), config, control=False))
        if config.unix is not None:
            self._all += _unix(config.unix, hearing, self._peers, shown)

    @property
    def url(self) -> str:
        """Where control is: `http://HOST:PORT`, or `unix:PATH` where it has no address."""
        config = self._begun_with
        if config.listen is None or self._control is None:
            return f"unix:{config.unix and config.unix.http}"
        scheme = "https" if config.control.tls_cert else "http"
        return f"{scheme}://{config.listen.rpartition(':')[0]}:{self._control.port}"

    async def start(self) -> None:
        """Listen; raises LoopcamError when an address cannot be had."""
        try:
            for one in self._all:
                await one.start()
        except LoopcamError:
            await self.stop()
            raise

    def reload(self) -> None:
        """Take up the targets of a new configuration, and renewed certificates."""
        self._rates = _rates(self._core.config)
        self._peers.use()
        try:
            if self._control is not None:
                self._control.reload()
        except LoopcamError as error:
            about = {"error": str(error), "remedy": error.remedy}
            _LOG.warning("the old certificate stays", extra=about)

    async def stop(self) -> None:
        """Stop listening."""
        self._live.close()
        for one in self._all:
            await one.stop()

    def _count_refused(self, reason: str) -> None:
        self._core.telemetry.heartbeats_refused.labels(reason).inc()


def _unix(
    options: Unix, hearing: Hearing, peers: Peers, shown: list[web.RouteDef]
) -> Iterator["Listener | Datagrams"]:
    if options.http is not None:
        from daemon.web.unix import unix_peer  # here, and not above: loaded only where they are used
        from daemon.web.unix_listener import UnixListener

        routes = [*Heartbeats(hearing, unix_peer).routes(), *shown]
        yield UnixListener(routes, options.http, options, access=Access(hosts=None, by_user=True))
    if options.datagram is not None:
        from daemon.sources.heartbeat.datagrams import Datagrams

        yield Datagrams(options.datagram, options, hearing, peers)


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
