"""What heartbeats of every transport have in common: whose they are, who may send them, and how many."""

import time
from collections.abc import Callable, Mapping
from itertools import islice

from daemon.sources.heartbeat.peers import Peer
from daemon.sources.heartbeat.rates import Rates
from daemon.sources.heartbeat.unheard import Unheard, UnheardError, reason
from model.errors import LoopcamError
from model.events import Event, EventKind

SOURCE = "heartbeat"
ITERATION_CHARACTERS = 128

_NEAR_MISSES_AMONG = 100  # comparing takes time, and the loop must not stall for a typing error


class Hearing:
    """Takes heartbeats as events. `targets` gives each target's heartbeats a second."""

    def __init__(
        self,
        deliver: Callable[[Event], None],
        targets: Callable[[], Mapping[str, int]],
        *,
        admit: Callable[[str, Peer | None], None] | None = None,
        refused: Callable[[str], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`admit` raises UnheardError for a peer who may not speak for a target; `refused` counts."""
        self._deliver = deliver
        self._targets = targets
        self._admit = admit
        self._refused = refused
        self._clock = clock
        self._rates = Rates()

    def take(
        self,
        kind: EventKind,
        target: str | None,
        iteration: str | int | None,
        at_s: float,
        peer: Peer | None = None,
    ) -> None:
        """Take one heartbeat, of `peer` where it came over a Unix socket; raises LoopcamError."""
        targets = self._targets()
        name = _target(target, targets)
        named = None if iteration is None else _iteration(iteration)
        if self._admit is not None:
            self._admit(name, peer)
        wait_s = self._rates.wait_s(name, targets, self._clock())
        if wait_s:
            raise UnheardError(
                Unheard.TOO_MANY,
                f"more than {targets[name]} heartbeats a second for {name}",
                remedy="send fewer, or raise max_per_s of this target's heartbeat source",
                wait_s=wait_s,
            )
        self._deliver(Event(source=SOURCE, target=name, kind=kind, at_s=at_s, iteration=named))

    def count(self, error: LoopcamError) -> None:
        """Count a heartbeat that was refused."""
        if self._refused is not None:
            self._refused(reason(error))


def _iteration(value: str | int) -> str:
    text = str(value)
    if not (0 < len(text) <= ITERATION_CHARACTERS and text.isprintable()):
        raise UnheardError(
            Unheard.MALFORMED,
            "the iteration's name cannot be used",
            remedy=f"use 1 to {ITERATION_CHARACTERS} printable characters, or leave it out",
        )
    return text


def _target(name: str | None, targets: Mapping[str, int]) -> str:
    if name is None:
        if len(targets) == 1:
            return next(iter(targets))
        raise UnheardError(
            Unheard.NO_TARGET,
            "no target is named, and there is not exactly one",
            remedy=f"name one of {', '.join(islice(targets, 5)) or 'the configured targets'}",
        )
    if name not in targets:
        raise UnheardError(
            Unheard.UNKNOWN_TARGET, f"there is no target {name[:100]!r}", remedy=_hint(name, targets)
        )
    return name


def _hint(name: str, targets: Mapping[str, int]) -> str:
    from difflib import get_close_matches

    alike = (known for known in targets if abs(len(known) - len(name)) <= 3)
    near = get_close_matches(name, list(islice(alike, _NEAR_MISSES_AMONG)))
    if near:
        return f"did you mean {' or '.join(near)}?"
    more = " ..." if len(targets) > 5 else ""
    return f"the targets are {', '.join(islice(targets, 5)) or 'none yet'}{more}"
