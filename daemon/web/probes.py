"""What kubelet and Prometheus ask: /metrics, /healthz, /readyz."""

import time
from collections.abc import Iterator

from aiohttp import web

from daemon import gauges
from daemon.core import Core
from daemon.targets.possible import NO_ADDRESS, NO_PROCESS, UNKNOWN
from daemon.targets.target import Target, TargetState
from daemon.web.responses import json_response
from model.capture import Outcome
from model.units import Seconds

_NO_FAULT = (UNKNOWN.reason, NO_PROCESS.reason, NO_ADDRESS.reason, Outcome.TARGET_EXITED)


class Probes:
    """Routes that anybody may see."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def routes(self) -> list[web.RouteDef]:
        """All of them, for either listener."""
        return [
            web.get("/metrics", self._metrics),
            web.get("/healthz", self._healthz),
            web.get("/readyz", self._readyz),
        ]

    async def _metrics(self, request: web.Request) -> web.Response:
        gauges.refresh(self._core)
        body, content_type = self._core.telemetry.render(request.headers.get("Accept", ""))
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
        for target in self._core.fleet:
            if not target.possible.possible and target.possible.reason not in _NO_FAULT:
                said = target.possible
                yield {"target": target.name, "problem": said.detail, "remedy": said.remedy}
            if problem := self._silence(target, now_s):
                yield {"target": target.name, "problem": problem, "remedy": "is the heartbeat still sent?"}
            yield from self._deafness(target)

    def _deafness(self, target: Target) -> Iterator[dict[str, str]]:
        """The deciding source was heard once, and is down: no overrun would be noticed."""
        for part in target.config.iterations:
            if target.deaf and part.name == target.deciding and part.name in target.heard_s:
                said = self._core.sources.condition(target, part)
                problem = f"source {part.name} hears nothing: {said.detail}"
                yield {"target": target.name, "problem": problem, "remedy": said.remedy}

    def _silence(self, target: Target, now_s: float) -> str:
        """A source that fell silent; a told iteration in flight explains silence, and so does standby."""
        pulse = self._core.events.pulses.get(target.name)
        told = target.watch.rules.mode == "start_end" and target.watch.in_flight is not None
        if pulse is None or told or target.state(now_s) is not TargetState.ACTIVE:
            return ""
        silent_s, usual_s = pulse.silent_s(now_s), pulse.usual_s()
        if silent_s is None or usual_s is None:
            return ""
        silent, usual = Seconds(round(silent_s)), Seconds(round(usual_s, 3))
        return f"source heartbeat silent for {silent}, usually it speaks every {usual}"
