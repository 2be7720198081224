"""Targets by address: which there are of one entry of the configuration, as its names lead now."""

import logging
import re
import socket
import time
from collections.abc import Iterable, Mapping
from hashlib import sha256

import msgspec

from daemon.config import settings
from daemon.config.names import DNS, split_address
from fetch.link_local import is_link_local
from fetch.names import look_up

_LOG = logging.getLogger(__name__)

LONGEST_NAME = 64
MOST_ADDRESSES = 500  # of one entry: each is a target, with requests of its own
_NOBODY = (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME))


class Lookup:
    """The addresses of one entry, looked up again at its interval."""

    def __init__(self, config: settings.Target) -> None:
        self.config = config
        self._next_s = float("-inf")
        self._failed = ""
        self._crowded = False
        self._refused: set[str] = set()

    def due(self) -> bool:
        """Whether it is time to look again. What needs no lookup is looked at as often: it costs nothing."""
        return time.monotonic() >= self._next_s

    async def look(self) -> Mapping[str, settings.Target] | None:
        """The targets by name, each with the one address that it has; None when nothing could be learned.

        A name that has no address is an answer: there is nobody. A name server that fails says nothing.
        """
        self._next_s = time.monotonic() + self.config.address_refresh
        try:
            addresses = self._permitted(await _resolved(self.config.address))
        except OSError as error:
            said = error.strerror or str(error)
            if said != self._failed:
                _LOG.warning("addresses not looked up", extra={**self._about(), "error": said})
            self._failed = said
            return None
        self._failed = ""
        crowded = len(addresses) > MOST_ADDRESSES
        if crowded and not self._crowded:
            counts = {"addresses": len(addresses), "watched": MOST_ADDRESSES}
            _LOG.warning("too many addresses, the rest is not watched", extra={**self._about(), **counts})
        self._crowded = crowded
        return {
            name: at(self.config, name, (one,))
            for name, one in _named(self.config, addresses[:MOST_ADDRESSES])
        }

    def _permitted(self, found: list[str]) -> list[str]:
        """Who answers for a name gets no request to a cloud's metadata; an address written out is meant."""
        refused = {one for one in found if is_link_local(split_address(one)[0])}.difference(
            self.config.address
        )
        for one in sorted(refused - self._refused):
            _LOG.warning("a link-local address is no target", extra={**self._about(), "address": one})
        self._refused = refused
        return [one for one in found if one not in refused]

    def _about(self) -> dict[str, object]:
        return {"target": self.config.name}


def at(config: settings.Target, name: str, address: tuple[str, ...]) -> settings.Target:
    """The configuration of one of the targets that an entry stands for."""
    return msgspec.structs.replace(config, name=name, address=address)


async def _resolved(written: Iterable[str]) -> list[str]:
    """Every address as HOST:PORT, once, in the order in which they are written."""
    found: dict[str, None] = {}
    for one in written:
        if not one.startswith(DNS):
            found[one] = None
            continue
        host, port = split_address(one.removeprefix(DNS))
        for address in await _lookup(host, port):
            found[f"[{address}]:{port}" if ":" in address else f"{address}:{port}"] = None
    return list(found)


async def _lookup(host: str, port: int) -> list[str]:
    """Raises OSError where the name servers do not answer."""
    try:
        return sorted({address for address, _, _ in await look_up(host, port)})
    except socket.gaierror as error:
        if error.errno in _NOBODY:
            return []
        raise


def _named(config: settings.Target, addresses: Iterable[str]) -> Iterable[tuple[str, str]]:
    if config.endpoint is not None:  # one that is written out: it is the target itself
        return [(config.name, one) for one in addresses]
    several = len({split_address(one)[1] for one in config.address}) > 1
    return [(_name(config.name, one, with_port=several), one) for one in addresses]


def _name(name: str, address: str, *, with_port: bool) -> str:
    """NAME-HOST, which limits and reports go by, so it must not change from day to day."""
    host, port = split_address(address)
    place = re.sub(r"[^a-z0-9.]+", "-", (f"{host}-{port}" if with_port else host).lower()).strip("-.")
    room = LONGEST_NAME - len(place) - 1
    if len(name) > room:
        digest = sha256(name.encode()).hexdigest()[:4]
        name = f"{name[: max(0, room - 5)]}-{digest}".lstrip("-.")
    return f"{name}-{place}"[:LONGEST_NAME].rstrip("-.")
