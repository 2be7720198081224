"""Having a report drawn: two tries, then it is delivered unrendered and says so."""

import asyncio
import logging

from daemon.spool.entry import Entry
from daemon.spool.state import Drawing
from daemon.worker.handle import Worker, WorkerGoneError
from daemon.worker.protocol import Job
from model.errors import RenderError

_LOG = logging.getLogger(__name__)

DEADLINE_S = 60.0
MAX_ATTEMPTS = 2
_DISK = "look for space on the spool's disk"


async def draw(entry: Entry, warm: Worker | None = None) -> None:
    """See to it that the entry has a manifest; raises RenderError or OSError when the disk does not let us.

    `warm` is a renderer that was started with the capture; it is used up.
    """
    worker = warm
    try:
        for _ in range(MAX_ATTEMPTS + 1):
            if entry.drawn:
                break
            attempts = await asyncio.to_thread(_count_attempt, entry)
            worker = worker or await Worker.start_renderer()
            await _attempt(entry, worker, attempts)
            await worker.end()
            worker = None
    finally:
        if worker is not None:
            await worker.end()
    if not entry.drawn:
        raise RenderError(f"report {entry.id} cannot be listed", remedy=_DISK)
    await asyncio.to_thread(entry.measure)


def _count_attempt(entry: Entry) -> int:
    """Remember one more attempt before it starts, and give how many there were before."""
    attempts = entry.drawing().attempts
    entry.set_drawing(Drawing(attempts=attempts + 1))
    return attempts


async def _attempt(entry: Entry, worker: Worker, attempts: int) -> None:
    job = Job(directory=str(entry.report_dir), draw=attempts < MAX_ATTEMPTS)
    try:
        reply = await worker.run(job, DEADLINE_S)
    except WorkerGoneError as error:
        _LOG.warning("drawing failed", extra={"report": entry.id, "error": str(error)})
        return
    if reply.error:  # not the evidence's fault: the attempt does not count
        entry.set_drawing(Drawing(attempts=attempts))
        raise RenderError(reply.error, remedy=_DISK)
