"""From the ring into a capture: the lead-up."""

import asyncio
from collections.abc import Callable

from daemon.dashcam.program.ring import Handing as ProgramHanding
from daemon.dashcam.ring import Ring
from daemon.dashcam.shelf import Piece
from daemon.spool.incoming import Incoming
from model.capture import Recording

SEAL_S = 3.0  # within which the last segment is whole, or left out
REASON = "as the dashcam sampled before the trigger"


class Handing:
    """Hands a ring over. From its making to its close nothing is recorded into the ring."""

    def __init__(
        self,
        ring: Ring | None,
        sealing: "asyncio.Task[None] | None",
        since_s: float,
        release: Callable[[bool], None],
    ) -> None:
        """`sealing` ends when the last segment is whole; `release` is told whether there is a report.

        Of pieces that ended before `since_s` an earlier report has been made.
        """
        self._ring = ring
        self._sealing = sealing
        self._since_s = since_s
        self._release = release

    async def into(self, incoming: Incoming) -> Recording | None:
        """Have all pieces in a capture's folder, the last one when it is whole."""
        if self._ring is None:
            return None
        linked = await self._link(incoming, ())
        if self._sealing is not None:
            await asyncio.wait({self._sealing}, timeout=SEAL_S)
            linked += await self._link(incoming, linked)
        return recording(linked)

    def close(self, *, kept: bool) -> None:
        """The capture is over; `kept`: there is a report of it."""
        self._release(kept)

    async def _link(self, incoming: Incoming, linked: tuple[Piece, ...]) -> tuple[Piece, ...]:
        ring = self._ring
        if ring is None:
            return ()
        new = [piece for piece in ring.shelf if piece not in linked and piece.ended_s > self._since_s]
        return await asyncio.to_thread(ring.into, incoming, new)


def recording(pieces: tuple[Piece, ...]) -> Recording | None:
    """What pieces are together; None where they hold no stacks."""
    segments = tuple(piece.segment for piece in pieces if piece.segment is not None)
    dumps = tuple(piece.dump for piece in pieces if piece.dump is not None)
    last = next((piece for piece in reversed(pieces) if piece.segment is not None), None)
    last = last or next((piece for piece in reversed(pieces) if piece.dump is not None), None)
    if last is None:
        return None
    of = last.segment or last.dump
    return Recording(
        sampler=of.sampler if of is not None else "",
        version=last.version,
        rate_hz=last.segment.rate_hz if last.segment is not None else 0,
        rate_reason=REASON,
        blocking=False,
        segments=segments,
        dumps=dumps,
    )


class Together:
    """The lead-up of the stacks, where there is one, and what was fetched of the program."""

    def __init__(self, stacks: Handing | None, program: ProgramHanding) -> None:
        self._stacks = stacks
        self._program = program

    async def into(self, incoming: Incoming) -> Recording | None:
        """Have both in a capture's folder; of the second, collectors' indexes tell."""
        await self._program.into(incoming)
        return await self._stacks.into(incoming) if self._stacks is not None else None

    def close(self, *, kept: bool) -> None:
        """The capture is over; `kept`: there is a report of it."""
        self._program.close()
        if self._stacks is not None:
            self._stacks.close(kept=kept)
