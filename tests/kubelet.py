"""A small HTTPS server that speaks the pods/log API, with an authority of its own and a token.

No kubelet runs where the tests do. This one answers as the API server's documentation says: 401 without the
token, 404 and 400 as a Status, and a chunked stream of `TIME TEXT` lines that goes on with `follow=true`.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import web

from daemon.sources.log.readers.account import Account
from tests.unit.web.certificate import make_certificate

NS = 10**9
END = "END"  # written by a container: it ends, and with it the stream; the next one's log is empty


class Cluster:
    """One pod, `mine` in the namespace `here`, with one container `app`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.token = "first"  # of a server that lives for a test
        self.lines: list[tuple[int, str]] = []
        self.refuses: tuple[int, str] | None = None
        self.asked: list[dict[str, str]] = []
        self.streams: set[asyncio.Task[None]] = set()
        self.stays_silent = False
        self.late_headers = False  # as a kubelet's, which come with the first line
        self.environment: dict[str, str] = {}
        self._written = asyncio.Event()

    def account(self, **environment: str) -> Account:
        """What a pod of this cluster has."""
        return Account(self.folder, {**self.environment, "POD_NAME": "mine", **environment})

    def write(self, text: str, at_ns: int) -> None:
        """The container writes a line."""
        self.lines.append((at_ns, text))
        self._written.set()

    def hang_up(self) -> None:
        """Cut every connection."""
        for stream in self.streams:
            stream.cancel()

    def renew(self, token: str) -> None:
        """Give pods another token."""
        self.token = token
        (self.folder / "token").write_text(token)

    async def log(self, request: web.Request) -> web.StreamResponse:
        """GET .../log."""
        self.asked.append(dict(request.query))
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return _status(401, "Unauthorized")
        if self.refuses:
            return _status(*self.refuses)
        if request.match_info["pod"] != "mine" or request.match_info["namespace"] != "here":
            return _status(404, f'pods "{request.match_info["pod"]}" not found')
        if request.query.get("container") != "app":
            return _status(400, "container other is not valid for pod mine")
        return await self._stream(request)

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/plain"})
        task = asyncio.current_task()
        assert task is not None
        self.streams.add(task)
        try:
            while self.late_headers and (self.stays_silent or not self.lines):  # noqa: ASYNC110  # two conditions
                await asyncio.sleep(0.01)
            await response.prepare(request)
            await self._write(request, response)
        finally:
            self.streams.discard(task)
        return response

    async def _write(self, request: web.Request, response: web.StreamResponse) -> None:
        since = request.query.get("sinceTime")
        since_ns = int(datetime.fromisoformat(since).timestamp()) * NS if since else 0
        position = len(self.lines) if request.query.get("tailLines") == "0" else 0
        while True:
            self._written.clear()
            for at_ns, text in self.lines[position:] if not self.stays_silent else []:
                position += 1
                if text == END:
                    del self.lines[:position]
                    return
                if at_ns >= since_ns:
                    await response.write(f"{_stamp(at_ns)} {text}\n".encode())
            await self._written.wait()


def _stamp(at_ns: int) -> str:
    whole, rest = divmod(at_ns, NS)
    return datetime.fromtimestamp(whole, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{rest:09d}Z"


def _status(code: int, message: str) -> web.Response:
    return web.json_response({"kind": "Status", "code": code, "message": message}, status=code)


@asynccontextmanager
async def cluster(folder: Path) -> AsyncIterator[Cluster]:
    """A cluster on loopback, with its authority and the account of a pod in `folder`."""
    tls = make_certificate(folder)
    tls.certificate.rename(folder / "ca.crt")
    (folder / "namespace").write_text("here\n")
    one = Cluster(folder)
    one.renew("first")
    app = web.Application()
    app.router.add_get("/api/v1/namespaces/{namespace}/pods/{pod}/log", one.log)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "ca.crt", tls.key)
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        port = runner.addresses[0][1]
        one.environment = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(port)}
        yield one
    finally:
        one.hang_up()
        await runner.cleanup()
