"""The targets that one entry of the configuration stands for: one, or one for each of its addresses."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping

from daemon.config import settings
from daemon.sources.metrics.options import Metrics
from daemon.targets.addresses import Lookup, at
from daemon.targets.held import HeldAddress
from daemon.targets.target import Target

_LOG = logging.getLogger(__name__)

PATIENCE_S = 0.2  # a name server that takes longer holds up no other work of the daemon
KEPT_GONE_S = 600.0  # that is how long one that vanished is still shown


class Group:
    """Targets by address. Before any address is known, one target of the entry's name waits for them."""

    def __init__(self, config: settings.Target, on_exit: Callable[[Target], None]) -> None:
        self.config = config
        self.members = {config.name: Target(config, on_exit)}
        self._on_exit = on_exit
        self._lookup = Lookup(config)
        self._gone_s: dict[str, float] = {}  # when a member vanished
        self._first = True
        self._asked: asyncio.Task[Mapping[str, settings.Target] | None] | None = None

    def reconfigure(self, config: settings.Target) -> None:
        """Go on under a new configuration with the same addresses."""
        self.config = config
        self._forget()
        self._lookup = Lookup(config)
        for name, member in self.members.items():
            member.reconfigure(at(config, name, member.config.address))

    async def look(self) -> bool:
        """Look the addresses up when it is time, and say whether a target came, vanished or was dropped.

        An answer that is late is taken at a later look: until then, all is as it was.
        """
        if self._asked is None and self._lookup.due():
            self._asked = asyncio.create_task(self._lookup.look(), name=f"addresses of {self.config.name}")
        found = await self._answer()
        if found is None:
            return self._drop()
        came = [self._take(name, config) for name, config in found.items()]
        left = [self._vanish(name) for name in self.members.keys() - found.keys()]
        self._first = False
        if found and self.config.name not in found:
            left.append(self.members.pop(self.config.name, None) is not None)
        return any((*came, *left, self._drop()))

    def let_go(self) -> None:
        """Drop them all."""
        self._forget()
        for member in self.members.values():
            member.let_go()

    async def _answer(self) -> Mapping[str, settings.Target] | None:
        """The targets that there are now, if an answer is there or comes soon."""
        asked = self._asked
        if asked is None:
            return None
        done, _ = await asyncio.wait({asked}, timeout=PATIENCE_S)
        if not done or asked is not self._asked:  # reconfigured meanwhile
            return None
        self._asked = None
        return asked.result()

    def _forget(self) -> None:
        """Whatever was asked, nobody wants to know it any more."""
        if self._asked is not None:
            self._asked.cancel()
            self._asked = None

    def _take(self, name: str, config: settings.Target) -> bool:
        self._gone_s.pop(name, None)
        member = self.members.get(name)
        if member is None:
            member = self.members[name] = Target(config, self._on_exit)
        if member.held is not None:
            return False
        appeared_s = None if self._first else time.monotonic()
        member.take_hold(HeldAddress(config.address[0], appeared_s=appeared_s))
        return True

    def _vanish(self, name: str) -> bool:
        held = self.members[name].held
        if not isinstance(held, HeldAddress) or _hangs_and_answers(self.members[name]):
            return False
        self._gone_s[name] = time.monotonic()
        held.vanish()
        return True

    def _drop(self) -> bool:
        """Forget whoever has been gone for long; the last one stays to be seen."""
        now_s = time.monotonic()
        old = [name for name, gone_s in self._gone_s.items() if now_s - gone_s > KEPT_GONE_S]
        dropped = old if len(old) < len(self.members) else old[1:]
        for name in dropped:
            del self.members[name], self._gone_s[name]
        return bool(dropped)


def _hangs_and_answers(target: Target) -> bool:
    """Whether an iteration is in flight by a source that asks the target itself, and hears it.

    A pod whose loop hangs may be no longer ready: its name leads there no more, and yet it is not gone.
    """
    decides = next(part.options for part in target.config.iterations if part.name == target.deciding)
    hears = isinstance(decides, Metrics) and not decides.unanswered
    return hears and target.in_flight is not None
