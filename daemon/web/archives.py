"""A report as one archive, packed by a child while it is sent: the daemon compresses nothing."""

import asyncio
import logging
import os
import resource
import signal
import sys

from aiohttp import web

from daemon import children
from daemon.spool.entry import Entry
from daemon.web.responses import PLAIN_HEADERS, RequestError
from daemon.worker.handle import RENDERER_ENVIRONMENT

_LOG = logging.getLogger("loopcam.web")

AT_ONCE = 2
_PIECE_BYTES = 64 * 1024
_MEMORY_BYTES = 512 * 1024**2  # address space
_DESCRIPTORS = {resource.RLIMIT_AS: _MEMORY_BYTES, resource.RLIMIT_CORE: 0}


class Archives:
    """Downloads under way, a few at most."""

    def __init__(self) -> None:
        self._under_way = 0

    async def send(self, request: web.Request, entry: Entry) -> web.StreamResponse:
        """Stream `ID.tar.gz`; where the report proves damaged, the connection ends before the archive."""
        if self._under_way >= AT_ONCE:
            raise RequestError(
                503,
                f"{self._under_way} archives are being packed",
                remedy="try again in a moment",
                headers={"Retry-After": "2"},
            )
        self._under_way += 1
        try:
            return await _send(request, entry)
        finally:
            self._under_way -= 1


async def _send(request: web.Request, entry: Entry) -> web.StreamResponse:
    argv = (sys.executable, "-I", "-m", "daemon.worker.pack", os.fspath(entry.report_dir))
    packer = await children.spawn(
        argv,
        environment=RENDERER_ENVIRONMENT,
        stderr=asyncio.subprocess.PIPE,
        death_signal=signal.SIGKILL,
        limits=_DESCRIPTORS,
    )
    said = asyncio.create_task(children.read_bounded(packer.stderr), name=f"packer {packer.pid}")
    response = web.StreamResponse(
        headers={**PLAIN_HEADERS, "Content-Disposition": f'attachment; filename="{entry.id}.tar.gz"'}
    )
    response.content_type = "application/gzip"
    try:
        assert packer.stdout is not None  # noqa: S101 -- spawn() made it
        while piece := await packer.stdout.read(_PIECE_BYTES):
            if not response.prepared:
                await response.prepare(request)
            await response.write(piece)
        if code := await packer.wait():
            why = (await said).decode(errors="replace").strip()[-500:] or f"exit code {code}"
            _LOG.warning("a report could not be packed", extra={"report": entry.id, "error": why})
            raise RequestError(500, f"the report could not be packed: {why}", remedy="loopcam reports verify")
        return response
    finally:
        children.kill(packer)
        await packer.wait()
        await said
