"""What kubelet and Prometheus ask: /metrics, /healthz, /readyz."""

import asyncio
import time
from collections.abc import Iterator

from aiohttp import web

from daemon.core import Core
from daemon.shortage import Threads
from daemon.targets.possible import NO_ADDRESS, NO_PROCESS, UNKNOWN
from daemon.telemetry import gauges
from daemon.telemetry.unheard import unheard
from daemon.web.responses import json_response
from model.capture import Outcome

_NO_FAULT = (UNKNOWN.reason, NO_PROCESS.reason, NO_ADDRESS.reason, Outcome.TARGET_EXITED)


class Probes:
    """Routes that anybody may see."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._writing = Threads(max_workers=1, thread_name_prefix="metrics")  # no disk holds it up

    def routes(self) -> list[web.RouteDef]:
        """All of them, for either listener."""
        return [
            web.get("/metrics", self._metrics),
            web.get("/healthz", self._healthz),
            web.get("/readyz", self._readyz),
        ]

    async def _metrics(self, request: web.Request) -> web.Response:
        await gauges.refresh(self._core)
        write, content_type = self._core.telemetry.writer(request.headers.get("Accept", ""))
        try:  # of a thousand targets it takes half a second: no trigger waits for it
            body = await asyncio.get_running_loop().run_in_executor(self._writing, write)
        except BlockingIOError:
            body = write()
        return web.Response(body=body, headers={"Content-Type": content_type})

    async def _healthz(self, _request: web.Request) -> web.Response:
        """That this is answered shows that the event loop turns; a task that fails ends the daemon."""
        return json_response({"ok": True})

    async def _readyz(self, _request: web.Request) -> web.Response:
        problems = list(self._problems(time.monotonic()))
        return json_response({"ready": not problems, "problems": problems}, status=503 if problems else 200)

    def _problems(self, now_s: float) -> Iterator[dict[str, str]]:
        if faults := self._core.refused_config:
            yield {"problem": f"the newest configuration was refused: {faults}", "remedy": "mend the file"}
        if self._core.spool.disk_full():
            full = f"no capture is taken: the disk of {self._core.spool.path} is full"
            yield {"problem": full, "remedy": "free space there; delivered reports make room by themselves"}
        for target in self._core.fleet:
            if not target.possible.possible and target.possible.reason not in _NO_FAULT:
                said = target.possible
                yield {"target": target.name, "problem": said.detail, "remedy": said.remedy}
            for one in unheard(self._core, target, now_s):
                yield {"target": target.name, "problem": one.problem, "remedy": one.remedy}
