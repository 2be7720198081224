"""Posts over kept connections, each as soon as the last was answered: `posts PORT BODY CONNECTIONS SECONDS`.

Prints `counting` when it begins to count, and then answers a second; ends with 1 when an answer is not 204.
"""

import asyncio
import sys
import time

REQUEST = "POST /v1/heartbeat HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"


class Poster(asyncio.Protocol):
    """One connection."""

    answers = 0

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._seen = b""
        self._wire: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Post for the first time."""
        assert isinstance(transport, asyncio.Transport)
        self._wire = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Count a whole answer, and post again."""
        self._seen += data
        if not self._seen.endswith(b"\r\n\r\n"):
            return
        if not self._seen.startswith(b"HTTP/1.1 204"):
            raise SystemExit(f"answered {self._seen!r}")
        self._seen = b""
        Poster.answers += 1
        if self._wire is not None:
            self._wire.write(self._request)


async def main() -> None:
    """Warm up, then count."""
    port, body, connections, seconds = sys.argv[1:5]
    head = REQUEST.format(port=port) + f"Content-Length: {len(body)}\r\n\r\n"
    loop = asyncio.get_running_loop()
    for _ in range(int(connections)):
        await loop.create_connection(lambda: Poster((head + body).encode()), "127.0.0.1", int(port))
    await asyncio.sleep(0.5)
    print("counting", flush=True)
    before, started_s = Poster.answers, time.monotonic()
    await asyncio.sleep(float(seconds))
    print((Poster.answers - before) / (time.monotonic() - started_s))


if __name__ == "__main__":
    asyncio.run(main())
