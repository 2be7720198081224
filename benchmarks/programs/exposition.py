"""A large exposition: `exposition serve BYTES` has it as Go does, `exposition ours|parser PORT` reads it."""

import asyncio
import sys
import time
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client.parser import text_string_to_metric_families

from daemon.sources.metrics.options import Metrics
from daemon.sources.metrics.scraping import scrape
from fetch.access import Endpoint
from fetch.client import Client

CHUNK_BYTES = 4096  # of Go's writer
BUCKETS = 150
FAMILY = "cluster_autoscaler_function_duration_seconds"
SERIES = 'cluster_autoscaler_last_activity{activity="main"} 1.795262402e+09\n'


def lines(size_bytes: int) -> Iterator[str]:
    """Histograms of Cluster Autoscaler's functions, very many of them."""
    yield f"# HELP {FAMILY} [ALPHA] Time taken by various parts of CA main loop.\n# TYPE {FAMILY} histogram\n"
    written, number = 0, 0
    while written < size_bytes:
        name = "main" if number == 100 else f"scaleUp:estimate:{number}"
        rows = [
            f'{FAMILY}_bucket{{function="{name}",le="{0.1 * 1.068**at:.15g}"}} {at}\n'
            for at in range(BUCKETS)
        ]
        rows += [
            f'{FAMILY}_sum{{function="{name}"}} {number}.5\n',
            f'{FAMILY}_count{{function="{name}"}} 150\n',
        ]
        yield "".join(rows)
        written, number = written + sum(map(len, rows)), number + 1
    yield SERIES
    yield "process_start_time_seconds 1.79525811442e+09\n"


class Handler(BaseHTTPRequestHandler):
    """Answers in chunks."""

    protocol_version = "HTTP/1.1"
    body = b""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for at in range(0, len(self.body), CHUNK_BYTES):
            piece = self.body[at : at + CHUNK_BYTES]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


def serve(size_bytes: int) -> None:
    """Until it is ended."""
    Handler.body = "".join(lines(size_bytes)).encode()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()


async def ours(port: int) -> tuple[float, float]:
    """CPU seconds of the event loop for one scrape, and for the longest turn of another."""
    options = Metrics(preset="cluster-autoscaler", interval=60, deadline=40)  # type: ignore[arg-type]
    names = options.series.form().names
    async with Client(Endpoint(host="127.0.0.1", port=port)) as client:
        await scrape(client, options, names, curious=False)  # what is loaded lazily, and the connection
        began_s = time.thread_time()
        answer = await scrape(client, options, names, curious=False)
        took_s = time.thread_time() - began_s
        assert len(answer.exposition.samples) == 3
        turns = asyncio.create_task(_turns())
        await scrape(client, options, names, curious=False)
        turns.cancel()
        return took_s, await turns


async def _turns() -> float:
    """CPU seconds of the longest turn of the event loop, until cancelled; it keeps the loop turning."""
    longest_s, before_s = 0.0, time.thread_time()
    try:
        while True:
            await asyncio.sleep(0)
            now_s = time.thread_time()
            longest_s, before_s = max(longest_s, now_s - before_s), now_s
    except asyncio.CancelledError:
        return longest_s


def parser(port: int) -> tuple[float, float]:
    """CPU seconds of prometheus-client's parser for the same text."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        text = answer.read().decode()
    began_s = time.thread_time()
    count = sum(len(family.samples) for family in text_string_to_metric_families(text))
    took_s = time.thread_time() - began_s
    assert count > 1000
    return took_s, took_s


def main() -> int:
    """Do what the command line says."""
    kind, value = sys.argv[1], int(sys.argv[2])
    if kind == "serve":
        serve(value)
        return 0
    print(*(asyncio.run(ours(value)) if kind == "ours" else parser(value)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
