"""Making a capture a report of the spool, for as long as that takes."""

import asyncio
import logging

from daemon.spool.entry import Entry
from daemon.spool.incoming import Incoming
from daemon.spool.spool import Spool
from model.capture import Capture

_LOG = logging.getLogger(__name__)

ACCEPT_AGAIN_S = 1.0


async def accepted(spool: Spool, incoming: Incoming, capture: Capture) -> Entry:
    """Make it durable; a full disk may get space again."""
    while True:
        try:
            entry = await asyncio.to_thread(spool.accept, incoming, capture)
        except OSError as error:
            _LOG.warning("report not durable yet", extra={"report": capture.id, "error": str(error)})
        else:
            spool.add(entry)
            about = {"report": entry.id, "outcome": capture.outcome, "bytes": entry.size_bytes}
            _LOG.info("report accepted", extra=about)
            return entry
        spool.make_room()
        await asyncio.sleep(ACCEPT_AGAIN_S)
