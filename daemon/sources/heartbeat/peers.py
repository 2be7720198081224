"""Who is at the other end of a Unix socket, by the kernel's word alone, and for which target he may speak."""

import os
import time
from collections.abc import Callable, Collection

import msgspec

from daemon.sources.heartbeat.unheard import Unheard, UnheardError
from daemon.targets.fleet import Fleet
from daemon.targets.process import HeldProcess
from daemon.targets.target import Target
from model.errors import TargetError

_SHARE = "let both containers see each other's processes: shareProcessNamespace: true"


class Peer(msgspec.Struct, frozen=True):
    """A process that sent something."""

    pid: int  # 0: it is in no PID namespace that we see
    uid: int
    at_s: float  # when what it sent came in (monotonic)
    pidfd: Callable[[], int | None]  # of that very process, where the kernel has it; the caller closes it

    def hold(self) -> HeldProcess:
        """The process itself; raises TargetError when it has ended, or its number may be another's."""
        pidfd = self.pidfd()
        process = HeldProcess(self.pid, pidfd)
        if pidfd is None and process.age_s() < time.monotonic() - self.at_s:
            process.close()
            raise TargetError(f"process {self.pid} is younger than what it sent", remedy="send it again")
        return process


class Peers:
    """Decides which peers are heard: our own user, root, the target's user, and those configured."""

    def __init__(self, fleet: Fleet, uids: Collection[int]) -> None:
        self._fleet = fleet
        self._uids = frozenset((0, os.geteuid(), *uids))
        self._by_peer: tuple[Target, ...] = ()
        self.use()

    def use(self) -> None:
        """Take up the targets of a new configuration."""
        self._by_peer = tuple(target for target in self._fleet if target.config.process.peer)

    def sought(self) -> bool:
        """Whether a target waits for its first peer, so that the next one's pidfd is wanted."""
        return any(target.process is None for target in self._by_peer)

    def admit(self, name: str, peer: Peer | None) -> None:
        """Let a peer speak for a target; raises UnheardError. Over TCP there is none."""
        target = self._fleet[name]
        if peer is not None:
            self._check(target, peer)
        if target.config.process.peer:
            _only(target, peer)

    def check_user(self, uid: int) -> None:
        """Raises UnheardError for a user who may speak for no target at all."""
        if uid in self._uids or any(_user(one) == uid for one in self._fleet):
            return
        raise UnheardError(
            Unheard.FOREIGN, f"user {uid} is not heard", remedy=f"if he should be, add {uid} to unix.uids"
        )

    def _check(self, target: Target, peer: Peer) -> None:
        if peer.pid == 0:
            what = "the sender is in a PID namespace that is not visible here"
            raise UnheardError(Unheard.INVISIBLE, what, remedy=_SHARE)
        if peer.uid in self._uids or _user(target) == peer.uid:
            return
        raise UnheardError(
            Unheard.FOREIGN,
            f"user {peer.uid} is not heard for {target.name}",
            remedy=f"if he should be, add {peer.uid} to unix.uids",
        )


def _user(target: Target) -> int | None:
    """The user of its process, while it has one."""
    identity = target.held.identity if target.held else None
    return identity.uid if identity else None


def _only(target: Target, peer: Peer | None) -> None:
    """Hold to the one process that was heard first, for as long as it lives."""
    if peer is None:
        what = f"{target.name} is found by its Unix socket: over TCP nobody knows who sends"
        raise UnheardError(Unheard.OTHER_PROCESS, what, remedy="send it to a socket of `unix`")
    held = target.process
    if held is not None and not held.alive():
        held.end()  # the event loop would tell only after this event
    elif held is not None and held.pid != peer.pid:
        what = f"{target.name} is process {held.pid}, and process {peer.pid} is another"
        raise UnheardError(Unheard.OTHER_PROCESS, what, remedy="give each process a target of its own")
    elif held is not None:
        return
    try:
        target.take_hold(peer.hold())
    except TargetError as error:
        raise UnheardError(Unheard.OTHER_PROCESS, str(error), remedy=error.remedy) from error
