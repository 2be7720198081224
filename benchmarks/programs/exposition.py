"""A large exposition: `exposition serve BYTES` has it as Go does, `exposition ours|parser PORT` reads it."""

import asyncio
import sys
import time
import urllib.request
from collections.abc import Iterable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from statistics import median

from prometheus_client.parser import text_string_to_metric_families

from daemon.sources.metrics.contract import Names
from daemon.sources.metrics.exposition import Exposition
from daemon.sources.metrics.options import Metrics
from daemon.sources.metrics.scraping import scrape
from fetch.access import Endpoint
from fetch.client import Client, Request

CHUNK_BYTES = 4096  # of Go's writer
BUCKETS = 150
FUNCTIONS = 40
SCRAPES = 5
FAMILY = "cluster_autoscaler_function_duration_seconds"
SERIES = 'cluster_autoscaler_last_activity{activity="main"} 1.795262402e+09\n'


def lines(size_bytes: int) -> Iterator[str]:
    """Cluster Autoscaler's histograms, and then very many of its clients' requests."""
    functions = ["main", *(f"scaleUp:{number}" for number in range(FUNCTIONS - 1))]
    yield from _family(FAMILY, ('function="' + name + '"' for name in functions))
    yield SERIES
    yield "process_start_time_seconds 1.79525811442e+09\n"
    written = 0
    for text in _family("rest_client_request_duration_seconds", map(_client, count())):
        if written >= size_bytes:
            return
        yield text
        written += len(text)


def _family(name: str, series: Iterable[str]) -> Iterator[str]:
    yield f"# HELP {name} [ALPHA] How long it took, in seconds.\n# TYPE {name} histogram\n"
    for labels in series:
        rows = [f'{name}_bucket{{{labels},le="{0.1 * 1.068**at:.15g}"}} {at}\n' for at in range(BUCKETS)]
        yield "".join((*rows, f"{name}_sum{{{labels}}} 1013.5\n{name}_count{{{labels}}} {BUCKETS}\n"))


def _client(number: int) -> str:
    return f'host="10.{number % 251}.{number // 251}.1:443",verb="GET"'


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


async def ours(port: int) -> tuple[float, ...]:
    """CPU seconds: of our parser, of a scrape, of the same answer only received, of the longest turn."""
    options = Metrics(preset="cluster-autoscaler", interval=60, deadline=40)  # type: ignore[arg-type]
    names = options.series.form().names
    request = Request(path="/metrics", deadline_s=40, max_bytes=2**30)
    pieces: list[bytes] = []
    async with Client(Endpoint(host="127.0.0.1", port=port)) as client:
        await client.fetch(request, pieces.append)
        parsing_s, scraping_s, receiving_s = [], [], []
        for _ in range(SCRAPES):
            parsing_s.append(_parsing_s(pieces, names))
            began_s = time.thread_time()
            answer = await scrape(client, options, names, curious=False)
            scraping_s.append(time.thread_time() - began_s)
            assert len(answer.exposition.samples) >= 3
            began_s = time.thread_time()
            await client.fetch(request, len)
            receiving_s.append(time.thread_time() - began_s)
        turns = asyncio.create_task(_turns())
        await scrape(client, options, names, curious=False)
        turns.cancel()
        return *map(median, (parsing_s, scraping_s, receiving_s)), await turns


def _parsing_s(pieces: list[bytes], names: Names) -> float:
    exposition = Exposition(names)
    began_s = time.thread_time()
    for piece in pieces:
        exposition.take(piece)
    return time.thread_time() - began_s


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


def parser(port: int) -> tuple[float]:
    """CPU seconds of prometheus-client's parser for the same text."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        text = answer.read().decode()
    began_s = time.thread_time()
    samples = sum(len(family.samples) for family in text_string_to_metric_families(text))
    took_s = time.thread_time() - began_s
    assert samples > 1000
    return (took_s,)


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
