"""Libraries within libraries: whose frames are innermost says little."""

import ast
import base64
import concurrent.futures
import contextlib
import email
import html.parser
import io
import multiprocessing
import select
import socket
import subprocess
import tarfile
import time

import jinja2
import networkx
import requests

from benchmarks.strangers.contract import Place, lasting
from benchmarks.strangers.pools import ask

_PAGE = jinja2.Template("{% for n in nodes %}{{ n * 3 % 7 }} {% if n % 2 %}odd{% endif %}{% endfor %}")
_SOURCE = "nodes = [{'cpu': 4, 'pods': [1, 2, 3]}, f(a, *b, **c)]\n" * 3000
_MAIL = "Subject: nodes\r\nContent-Type: text/plain\r\n\r\n" + "a line\r\n" * 50_000


def draw_page(place: Place) -> None:
    """A template: generated code, which has no file."""
    for _ in lasting(place.seconds):
        _PAGE.render(nodes=range(20_000))


def find_paths(place: Place) -> None:
    """A graph library in pure Python."""
    graph = networkx.grid_2d_graph(40, 40)
    for _ in lasting(place.seconds):
        networkx.betweenness_centrality(graph, k=20)


def parse_source(place: Place) -> None:
    """Python's own parser, in C."""
    for _ in lasting(place.seconds):
        ast.parse(_SOURCE)


def parse_html(place: Place) -> None:
    """A parser in Python that works by short matches."""
    for _ in lasting(place.seconds):
        html.parser.HTMLParser().feed("<li class='node'>node-1 &amp; more</li>" * 5000)


def parse_mail(place: Place) -> None:
    """The e-mail package."""
    for _ in lasting(place.seconds):
        email.message_from_string(_MAIL)


def make_archive(place: Place) -> None:
    """A compressed archive in memory."""
    block = bytes(range(256)) * 40_000
    for _ in lasting(place.seconds):
        with tarfile.open(fileobj=io.BytesIO(), mode="w:gz") as archive:
            part = tarfile.TarInfo("part")
            part.size = len(block)
            archive.addfile(part, io.BytesIO(block))


def encode_block(place: Place) -> None:
    """Base64 of a big block."""
    block = bytes(64 * 2**20)
    for _ in lasting(place.seconds):
        base64.b64encode(block)


def greet_silence(place: Place) -> None:
    """TLS with a server that speaks none."""
    with socket.create_server(("127.0.0.1", 0)) as server, contextlib.suppress(requests.RequestException):
        requests.get(f"https://127.0.0.1:{server.getsockname()[1]}/", timeout=place.seconds)


def select_reply(place: Place) -> None:
    """A client of one's own that selects."""
    with socket.create_connection(("127.0.0.1", place.port)) as connection:
        connection.sendall(f"GET /silent?seconds={place.seconds} HTTP/1.0\r\n\r\n".encode())
        select.select([connection], [], [], 2 * place.seconds)


def take_as_completed(place: Place) -> None:
    """Results as they come."""
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        for one in concurrent.futures.as_completed([pool.submit(ask, place) for _ in range(3)]):
            one.result()


def feed_child(place: Place) -> None:
    """A command that does not read what it is given."""
    argv = ["sh", "-c", f"sleep {place.seconds}; cat > /dev/null"]
    subprocess.run(argv, input=bytes(2**20), check=True)


def _late(queue: "multiprocessing.Queue[int]", seconds: float) -> None:
    time.sleep(seconds)
    queue.put(1)


def await_child(place: Place) -> None:
    """A queue between processes."""
    queue: multiprocessing.Queue[int] = multiprocessing.Queue()
    child = multiprocessing.Process(target=_late, args=(queue, place.seconds))
    child.start()
    queue.get()
    child.join()


def use_wrapped(place: Place) -> None:
    """Tries again by a loop of one's own, named for it."""

    def with_backoff() -> None:
        for attempt in range(9):
            answer = requests.get(f"http://127.0.0.1:{place.port}/busy", timeout=5)
            if answer.ok:
                return
            time.sleep(0.2 * 2**attempt)

    with_backoff()
