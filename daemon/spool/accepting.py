"""Making a capture a report of the spool, for as long as that takes."""

import asyncio
import logging

import msgspec

from daemon.spool.entry import Entry
from daemon.spool.incoming import Incoming
from daemon.spool.spool import Spool
from model.capture import Capture, Outcome

_LOG = logging.getLogger(__name__)

ACCEPT_AGAIN_S = 1.0


async def accepted(spool: Spool, incoming: Incoming, capture: Capture) -> Entry:
    """Make it durable, with what iterations usually take; a full disk may get space again."""
    capture = msgspec.structs.replace(capture, history=spool.healthy.history(capture.target))
    while True:
        try:
            entry = await asyncio.to_thread(spool.accept, incoming, capture)
        except OSError as error:
            _LOG.warning("report not durable yet", extra={"report": capture.id, "error": str(error)})
        else:
            spool.add(entry)
            about = {"report": entry.id, "outcome": capture.outcome, "bytes": entry.size_bytes}
            _LOG.info("report accepted", extra={**about, "lacks": _lacks(capture)})
            return entry
        spool.make_room()
        await asyncio.sleep(ACCEPT_AGAIN_S)


def _lacks(capture: Capture) -> str:
    """The parts that failed, in a few words; nothing where all went well."""
    fine = (Outcome.COMPLETE, Outcome.NOTHING)
    return ", ".join(f"{part.name} ({part.outcome})" for part in capture.parts if part.outcome not in fine)
